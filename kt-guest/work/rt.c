// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types in which real-time workers take the CPU from ordinary ones. Without CAP_SYS_NICE they
 * do not start: ordinary workers instead would show nothing.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "sched.h"
#include "work.h"

enum { STORM_CFS, STORM_BURST, STORM_SLEEP };
enum { STARVE_RT, STARVE_CFS, STARVE_PRIO, STARVE_BURST };

#define STORM_PRIO 10
#define MEMBERS    1024 /* of a kind */

static int be_fifo(struct work *w, unsigned int priority)
{
	struct sched_attr *before = calloc(1, sizeof(*before));
	int rc = before ? work_sched_get(before) : -ENOMEM;

	w->own = before;
	return rc ? rc : work_sched_policy(SCHED_FIFO, priority);
}

static void be_as_before(struct work *w)
{
	if (w->own)
		work_sched_set(w->own);
	free(w->own);
}

static unsigned int storm_group(const int64_t *values)
{
	return 1 + (unsigned int)values[STORM_CFS];
}

/* Member 0 preempts, the others are preempted. */
static int storm_init(struct work *w)
{
	return w->member ? 0 : be_fifo(w, STORM_PRIO);
}

static void preempt_storm(struct work *w)
{
	work_spin(w, (unsigned int)w->values[STORM_BURST]);
	if (!w->member && !work_stopped(w))
		work_sleep(w, (uint64_t)w->values[STORM_SLEEP]);
}

static unsigned int starve_group(const int64_t *values)
{
	return (unsigned int)(values[STARVE_RT] + values[STARVE_CFS]);
}

static int starve_init(struct work *w)
{
	bool rt = (int64_t)w->member < w->values[STARVE_RT];

	return rt ? be_fifo(w, (unsigned int)w->values[STARVE_PRIO]) : 0;
}

static void rt_starvation(struct work *w)
{
	work_spin(w, (unsigned int)w->values[STARVE_BURST]);
}

const struct work_type work_family_rt[] = {
	{ .name = "PreemptStorm",
	  .summary = "one FIFO worker of each group spins and sleeps, and so preempts the others, "
		     "which spin",
	  .group_of = storm_group,
	  .blocks = true,
	  .params = { [STORM_CFS] = WORK_PARAM_COUNT("cfs_workers", 2, 1, MEMBERS),
		      [STORM_BURST] = WORK_PARAM_COUNT("rt_burst", 1024, 1, WORK_COUNT_MAX),
		      [STORM_SLEEP] = WORK_PARAM_DURATION("rt_sleep", NSEC_PER_MSEC) },
	  .ops = { .init = storm_init, .iterate = preempt_storm, .fini = be_as_before } },
	{ .name = "RtStarvation",
	  .summary = "FIFO workers that never sleep take the CPUs from ordinary ones",
	  .group_of = starve_group,
	  .params = { [STARVE_RT] = WORK_PARAM_COUNT("rt", 1, 1, MEMBERS),
		      [STARVE_CFS] = WORK_PARAM_COUNT("cfs", 1, 1, MEMBERS),
		      [STARVE_PRIO] = WORK_PARAM_COUNT("prio", WORK_RT_MAX, 1, WORK_RT_MAX),
		      [STARVE_BURST] = WORK_PARAM_COUNT("burst", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .init = starve_init, .iterate = rt_starvation, .fini = be_as_before } },
	{ .name = NULL },
};
