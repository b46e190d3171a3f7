// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/measure/tick.c
/* When a tick asks for a checkpoint, with made-up cycles: 2 per nanosecond unless said. */
#include "kt-guest/measure/tick.h"
#include "unit.h"

#define T0   1000000000ULL /* ns of the first checkpoint */
#define CYC  2
#define FAR  (TICK_FAR_NS * CYC)
#define NEAR (TICK_NEAR_NS * CYC)

static uint64_t cycles(uint64_t ns)
{
	return 77 + ns * CYC;
}

/* One that has learnt the rate, at a checkpoint of *now on CPU 3. */
static struct tick learnt(uint64_t *now)
{
	struct tick k = { 0 };

	tick_sync(&k, T0, cycles(T0), 3);
	*now = T0 + TICK_LEARN_NS;
	tick_sync(&k, *now, cycles(*now), 3);
	return k;
}

TEST(every_tick_asks_until_the_rate_is_known)
{
	struct tick k = { 0 };
	uint64_t i;

	tick_sync(&k, T0, cycles(T0), 3);
	for (i = 1; i < 10; i++) {
		CHECK(!tick_quiet(&k, cycles(T0 + 1000 * i), 3));
		tick_sync(&k, T0 + 1000 * i, cycles(T0 + 1000 * i), 3);
	}
	tick_sync(&k, T0 + TICK_LEARN_NS, cycles(T0 + TICK_LEARN_NS), 3);
	CHECK_INT(k.near, NEAR);
	CHECK_INT(k.far, FAR);
	CHECK(tick_quiet(&k, cycles(T0 + TICK_LEARN_NS + 1000), 3));
}

TEST(a_checkpoint_is_due_when_the_last_is_far)
{
	uint64_t now, t;
	struct tick k = learnt(&now);

	for (t = 1000; t < TICK_FAR_NS; t += 1000)
		CHECK(tick_quiet(&k, cycles(now + t), 3));
	CHECK(!tick_quiet(&k, cycles(now + TICK_FAR_NS), 3));
}

TEST(a_checkpoint_is_due_after_a_pause)
{
	uint64_t now;
	struct tick k = learnt(&now);

	CHECK(tick_quiet(&k, cycles(now + 20000), 3));
	CHECK(tick_quiet(&k, cycles(now + 20000 + TICK_NEAR_NS - 1), 3));
	CHECK(!tick_quiet(&k, cycles(now + 20000 + 2 * TICK_NEAR_NS), 3));
}

TEST(the_gap_began_at_the_last_tick)
{
	uint64_t now, ticked;
	struct tick k = learnt(&now);

	CHECK(tick_quiet(&k, cycles(now + 30000), 3));
	CHECK(!tick_quiet(&k, cycles(now + 5000000), 3)); /* does not move it */
	ticked = tick_time(&k);
	CHECK(ticked >= now + 29999 && ticked <= now + 30001);
}

TEST(false_alarms_make_it_calm_to_a_limit)
{
	uint64_t now;
	struct tick k = learnt(&now);
	int i;

	tick_calm(&k);
	CHECK_INT(k.near, 2 * NEAR);
	tick_alarm(&k);
	tick_alarm(&k);
	CHECK_INT(k.near, NEAR);
	for (i = 0; i < 10; i++)
		tick_calm(&k);
	CHECK_INT(k.near, FAR);
}

TEST(another_cpu_asks_at_once)
{
	uint64_t now;
	struct tick k = learnt(&now);

	CHECK(!tick_quiet(&k, cycles(now + 10), 2));
	tick_sync(&k, now + 10, cycles(now + 10), 2);
	CHECK(tick_quiet(&k, cycles(now + 20), 2));
}

TEST(a_counter_that_steps_back_asks)
{
	uint64_t now;
	struct tick k = learnt(&now);

	CHECK(!tick_quiet(&k, cycles(now) - 1, 3));
}

TEST(a_counter_that_changes_its_rate_is_learnt_anew)
{
	uint64_t now, c, i;
	struct tick k = learnt(&now);

	c = cycles(now);
	for (i = 0; i < 10; i++) { /* half as fast from here */
		now += 1000000;
		c += 1000000;
		tick_sync(&k, now, c, 3);
	}
	CHECK_INT(k.far, TICK_FAR_NS);
	for (i = 0; i < 10; i++) { /* a counter that stands still never keeps ticks quiet */
		now += 1000000;
		tick_sync(&k, now, c, 3);
	}
	CHECK_INT(k.near, 0);
	CHECK(!tick_quiet(&k, c, 3));
}

TEST(a_long_gap_is_no_reason_for_mistrust)
{
	uint64_t now;
	struct tick k = learnt(&now);

	tick_sync(&k, now + 3000000000ULL, cycles(now + 3000000000ULL), 3);
	CHECK_INT(k.far, FAR);
}

UNIT_MAIN(T(every_tick_asks_until_the_rate_is_known), T(a_checkpoint_is_due_when_the_last_is_far),
	  T(a_checkpoint_is_due_after_a_pause), T(the_gap_began_at_the_last_tick),
	  T(false_alarms_make_it_calm_to_a_limit), T(another_cpu_asks_at_once),
	  T(a_counter_that_steps_back_asks), T(a_counter_that_changes_its_rate_is_learnt_anew),
	  T(a_long_gap_is_no_reason_for_mistrust))
