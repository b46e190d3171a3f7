// SPDX-License-Identifier: GPL-2.0-only
/* Types that only compute and yield, and the pieces that the other types share. */
#include <sched.h>

#include "work.h"

uint64_t work_checkpoint(struct work *w)
{
	uint64_t now = tm_now();

	tm_mark(w->tm, now, sched_getcpu());
	return now;
}

uint64_t work_spin(struct work *w, unsigned int spins)
{
	unsigned int i, n;
	uint64_t now;

	do {
		n = spins < WORK_SPINS ? spins : WORK_SPINS;
		for (i = 0; i < n; i++)
			__builtin_ia32_pause();
		w->tm->work_units += n;
		spins -= n;
		now = work_checkpoint(w);
	} while (spins && !work_stopped(w));
	return now;
}

uint64_t work_yield(struct work *w)
{
	sched_yield();
	w->tm->work_units++;
	return work_checkpoint(w);
}

uint64_t work_sleep(struct work *w, uint64_t ns)
{
	uint64_t due = tm_now() + ns, now;
	struct timespec ts = { .tv_sec = (time_t)(due / NSEC_PER_SEC),
			       .tv_nsec = (long)(due % NSEC_PER_SEC) };
	int rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);

	now = tm_now();
	if (rc)
		tm_resume(w->tm, now, sched_getcpu()); /* the stop's signal */
	else
		tm_woken(w->tm, due, now, sched_getcpu());
	return now;
}

void work_spin_for(struct work *w, uint64_t ns)
{
	uint64_t end = tm_now() + ns;

	while (work_spin(w, WORK_SPINS) < end && !work_stopped(w))
		;
}

void work_waited(struct work *w, uint64_t since, uint64_t sent)
{
	uint64_t now = tm_now();

	if (!sent)
		tm_resume(w->tm, now, sched_getcpu());
	else if (sent >= since)
		tm_woken(w->tm, sent, now, sched_getcpu());
	else
		tm_mark(w->tm, now, sched_getcpu()); /* it was over before it began: no wake-up */
}

static void spin_wait(struct work *w)
{
	work_spin(w, WORK_SPINS);
}

static void yield_heavy(struct work *w)
{
	work_yield(w);
}

static void mixed(struct work *w)
{
	work_spin(w, WORK_SPINS);
	work_yield(w);
}

const struct work_type work_family_spin[] = {
	{ .name = "SpinWait",
	  .summary = "1024 pause instructions",
	  .group = 1,
	  .ops = { .iterate = spin_wait } },
	{ .name = "YieldHeavy",
	  .summary = "one sched_yield",
	  .group = 1,
	  .ops = { .iterate = yield_heavy } },
	{ .name = "Mixed",
	  .summary = "1024 pause instructions, then a yield",
	  .group = 1,
	  .ops = { .iterate = mixed } },
	{ .name = NULL },
};
