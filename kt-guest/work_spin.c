// SPDX-License-Identifier: GPL-2.0-only
/* Types that only compute and yield, and the pieces that the other types share. */
#include <sched.h>

#include "work.h"

static uint64_t checkpoint(struct work *w)
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
		now = checkpoint(w);
	} while (spins && !work_stopped(w));
	return now;
}

uint64_t work_yield(struct work *w)
{
	sched_yield();
	w->tm->work_units++;
	return checkpoint(w);
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

const struct work_ops work_spin_wait = { .iterate = spin_wait };
const struct work_ops work_yield_heavy = { .iterate = yield_heavy };
const struct work_ops work_mixed = { .iterate = mixed };

const struct work_ops *const work_ops[] = {
	[WORK_SPIN_WAIT] = &work_spin_wait, [WORK_YIELD_HEAVY] = &work_yield_heavy,
	[WORK_MIXED] = &work_mixed,         [WORK_BURSTY] = &work_bursty,
	[WORK_PIPE_IO] = &work_pipe_io,     [WORK_FUTEX_PING_PONG] = &work_futex_ping_pong,
	[WORK_SEQUENCE] = &work_sequence,
};
