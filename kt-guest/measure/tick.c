// SPDX-License-Identifier: GPL-2.0-only
/* Decides when a worker's next checkpoint is due. */
#include "tick.h"

uint64_t tick_time(const struct tick *k)
{
	return k->mark_ns + (uint64_t)((double)(k->last - k->mark) * k->ns_per_cycle);
}

uint64_t tick_near_ns(const struct tick *k)
{
	return k->near_ns ? k->near_ns : TICK_NEAR_NS;
}

static void set_near(struct tick *k, uint64_t ns)
{
	k->near_ns = ns < TICK_NEAR_NS ? TICK_NEAR_NS : ns > TICK_FAR_NS ? TICK_FAR_NS : ns;
	if (k->near)
		k->near = (uint64_t)((double)k->near_ns / k->ns_per_cycle);
}

void tick_alarm(struct tick *k)
{
	set_near(k, tick_near_ns(k) / 2);
}

void tick_calm(struct tick *k)
{
	set_near(k, tick_near_ns(k) * 2);
}

static void learn(struct tick *k, uint64_t now, uint64_t cycles)
{
	if (k->learn_ns && now > k->learn_ns && now - k->learn_ns < TICK_LEARN_NS)
		return;
	if (k->learn_ns && now > k->learn_ns && cycles > k->learn) {
		k->ns_per_cycle = (double)(now - k->learn_ns) / (double)(cycles - k->learn);
		k->near = (uint64_t)((double)tick_near_ns(k) / k->ns_per_cycle);
		k->far = (uint64_t)(TICK_FAR_NS / k->ns_per_cycle);
	}
	if (!k->near) {
		k->learn_ns = now;
		k->learn = cycles;
	}
}

/* Whether the cycles since the last checkpoint are what the clock says they must be. */
static bool trusted(const struct tick *k, uint64_t now, uint64_t cycles)
{
	double by_clock = (double)(now - k->mark_ns);
	double by_cycles = (double)(cycles - k->mark) * k->ns_per_cycle;
	double slack = (by_clock * TICK_TRUST_PCT) / 100 + TICK_NEAR_NS;

	return now >= k->mark_ns && by_cycles > by_clock - slack && by_cycles < by_clock + slack;
}

void tick_sync(struct tick *k, uint64_t now, uint64_t cycles, uint32_t cpu)
{
	if (k->near && !trusted(k, now, cycles)) {
		k->near = k->far = k->learn_ns = 0;
		k->ns_per_cycle = 0;
	}
	if (!k->near)
		learn(k, now, cycles);
	k->last = k->mark = cycles;
	k->mark_ns = now;
	k->cpu = cpu;
}
