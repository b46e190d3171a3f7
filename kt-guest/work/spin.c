// SPDX-License-Identifier: GPL-2.0-only
/* Types that only compute and yield. */
#include "siblings.h"
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

/*
 * Pins the pair to two threads of one core: at its first iteration, when what the plan says of
 * its CPUs is in force. Pairs of one cgroup take the cores in turn.
 */
static void smt_sibling_spin(struct work *w)
{
	if (!w->own) {
		w->own = w;
		siblings_pin(w);
	}
	work_spin(w, WORK_SPINS);
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
	{ .name = "SmtSiblingSpin",
	  .summary = "1024 pause instructions, each pair on the threads of one core",
	  .group = 2,
	  .ops = { .iterate = smt_sibling_spin } },
	{ .name = NULL },
};
