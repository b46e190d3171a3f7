// SPDX-License-Identifier: GPL-2.0-only
/* Types that only compute and yield. */
#include "work.h"

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
