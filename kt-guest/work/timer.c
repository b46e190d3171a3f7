// SPDX-License-Identifier: GPL-2.0-only
/* Types that wait for a timer. */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "work.h"

enum { INTERVAL };

struct timer {
	uint64_t due;
	int slack;
};

/* The lateness shall be the kernel's, not what the timer slack allows. */
static int timer_init(struct work *w)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->slack = prctl(PR_GET_TIMERSLACK);
	prctl(PR_SET_TIMERSLACK, 1);
	w->own = t;
	return 0;
}

static void timer_fini(struct work *w)
{
	struct timer *t = w->own;

	if (t->slack > 0)
		prctl(PR_SET_TIMERSLACK, t->slack);
	free(t);
}

/* Deadlines lie on a grid; those that passed while the worker was late are left out. */
static void timer_latency(struct work *w)
{
	struct timer *t = w->own;
	uint64_t interval = (uint64_t)w->values[INTERVAL], now = clock_ns();

	if (!t->due)
		t->due = now;
	t->due += interval;
	if (t->due <= now)
		t->due += (now - t->due) / interval * interval + interval;
	work_sleep_until(w, t->due);
	w->tm->work_units++;
}

const struct work_type work_family_timer[] = {
	{ .name = "TimerLatency",
	  .summary = "sleeps until the next deadline on a grid of interval and measures how late "
		     "it wakes",
	  .group = 1,
	  .blocks = true,
	  .params = { [INTERVAL] = WORK_PARAM_DURATION("interval", NSEC_PER_MSEC) },
	  .ops = { .init = timer_init, .iterate = timer_latency, .fini = timer_fini } },
	{ .name = NULL },
};
