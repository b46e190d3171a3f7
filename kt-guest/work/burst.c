// SPDX-License-Identifier: GPL-2.0-only
/* Types that spin, then sleep. */
#include <errno.h>
#include <sys/prctl.h>

#include "units.h"
#include "work.h"

enum { BURST, SLEEP, PRECISE };

static void bursty(struct work *w)
{
	work_spin_for(w, (uint64_t)w->values[BURST]);
	if (!work_stopped(w))
		work_sleep(w, (uint64_t)w->values[SLEEP]);
}

static int idle_churn_init(struct work *w)
{
	return w->values[PRECISE] && prctl(PR_SET_TIMERSLACK, 1) ? -errno : 0;
}

const struct work_type work_family_burst[] = {
	{ .name = "Bursty",
	  .summary = "spins for burst, then sleeps for sleep",
	  .group = 1,
	  .blocks = true,
	  .params = { [BURST] = WORK_PARAM_DURATION("burst", 50 * NSEC_PER_MSEC),
		      [SLEEP] = WORK_PARAM_DURATION("sleep", 100 * NSEC_PER_MSEC) },
	  .ops = { .iterate = bursty } },
	{ .name = "IdleChurn",
	  .summary = "as Bursty, in short bursts: its CPU goes idle again and again",
	  .group = 1,
	  .blocks = true,
	  .params = { [BURST] = WORK_PARAM_DURATION("burst", NSEC_PER_MSEC),
		      [SLEEP] = WORK_PARAM_DURATION("sleep", 5 * NSEC_PER_MSEC),
		      [PRECISE] = WORK_PARAM_BOOL("precise_timing", 0) },
	  .ops = { .init = idle_churn_init, .iterate = bursty } },
	{ .name = NULL },
};
