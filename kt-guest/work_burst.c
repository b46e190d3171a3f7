// SPDX-License-Identifier: GPL-2.0-only
/* Types that spin, then sleep. */
#include "units.h"
#include "work.h"

enum { BURST, SLEEP };

static void bursty(struct work *w)
{
	work_spin_for(w, (uint64_t)w->values[BURST]);
	if (!work_stopped(w))
		work_sleep(w, (uint64_t)w->values[SLEEP]);
}

const struct work_type work_family_burst[] = {
	{ .name = "Bursty",
	  .summary = "spins for burst, then sleeps for sleep",
	  .group = 1,
	  .blocks = true,
	  .params = { [BURST] = WORK_PARAM_DURATION("burst", 50 * NSEC_PER_MSEC),
		      [SLEEP] = WORK_PARAM_DURATION("sleep", 100 * NSEC_PER_MSEC) },
	  .ops = { .iterate = bursty } },
	{ .name = NULL },
};
