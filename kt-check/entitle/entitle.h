/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_ENTITLE_ENTITLE_H
#define KT_CHECK_ENTITLE_ENTITLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cpulist.h"

/*
 * Which share of a CPU a task that always wants to run is entitled to: arithmetic alone.
 *
 * Tasks are known by kind: so many of the same load on the same CPUs. The load of a task is
 * its weight times that of its cgroups, each divided among what is in it. Water-filling
 * spreads the loads over the CPUs as evenly as masks allow; no task has more than one CPU.
 */
#define ENTITLE_KINDS 64

struct entitle_kind {
	struct cpulist cpus;
	double load; /* of one task, > 0 */
	uint32_t tasks;
	/* what entitle_solve() finds */
	double level; /* load of the CPUs on which these tasks are at best */
	double share; /* of a CPU, of each: the even division, 0 to 1 */
	double floor; /* of a CPU, of each: what whole tasks on whole CPUs leave */
};

/*
 * Fills in what each of `n` kinds gets. The floor is what remains for the worst of them when
 * no task could be moved to another CPU so that it had more, give or take what balancers
 * leave alone. Negative when there are more than ENTITLE_KINDS or no memory.
 */
int entitle_solve(struct entitle_kind *k, uint32_t n);

#endif
