// SPDX-License-Identifier: GPL-2.0-only
/* Types that change how the kernel schedules them, again and again; fini undoes it. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sched.h"
#include "work.h"

#define NICE_SPINS 512
#define NICE_MIN   (-20)
#define NICE_MAX   19
#define SIBLINGS   1024
#define POLICIES   5

enum { SPINS };                       /* AffinityChurn, PolicyChurn */
enum { CROSS_SIBLINGS, CROSS_SPINS }; /* CrossAffinityChurn */
enum { PERIOD };                      /* NumaMigrationChurn */

struct churn {
	struct sched_attr before; /* what fini() goes back to */
	struct cpulist cpus;
	uint64_t rng;
	bool asked, may;     /* has CAP_SYS_NICE */
	int nice;            /* NiceSweep: to be set next */
	unsigned int turn;   /* PolicyChurn, NumaMigrationChurn: to be set next */
	unsigned int nnodes; /* NumaMigrationChurn: nodes with CPUs for it */
	struct cpulist *node;
};

/*
 * Has it CAP_SYS_NICE? Asks the thing itself, in the loop: between init() and that, the worker
 * may have become another user. What it changes is put back.
 */
static bool may_raise(struct churn *c)
{
	if (c->asked)
		return c->may;
	c->asked = true;
	c->may = work_sched_policy(SCHED_FIFO, 1) == 0;
	if (c->may)
		work_sched_set(&c->before);
	c->nice = c->may ? NICE_MIN : 0;
	return c->may;
}

static int churn_init(struct work *w)
{
	struct churn *c = calloc(1, sizeof(*c));
	int rc;

	w->own = c;
	if (!c)
		return -ENOMEM;
	rc = work_sched_get(&c->before);
	if (!rc)
		rc = work_cpus_get(0, &c->cpus);
	if (rc)
		return rc;
	c->rng = work_random_seed(w->index);
	return 0;
}

static void sched_fini(struct work *w)
{
	struct churn *c = w->own;

	work_sched_set(&c->before);
	free(c);
}

static void cpus_fini(struct work *w)
{
	struct churn *c = w->own;

	work_cpus_set(0, &c->cpus);
	free(c->node);
	free(c);
}

/* A partner may have ended; CPUs may have gone from the cpuset, or from the machine. */
static void called(struct work *w, int rc)
{
	if (!rc || rc == -ESRCH || rc == -EINVAL)
		return;
	errno = -rc;
	work_failed(w, TM_OTHER);
}

/* Without the capability there is no way back from 19: the call is made all the same. */
static void nice_sweep(struct work *w)
{
	struct churn *c = w->own;
	bool may = may_raise(c);

	work_spin(w, NICE_SPINS);
	if (setpriority(PRIO_PROCESS, 0, c->nice) && may)
		work_failed(w, TM_OTHER);
	c->nice = c->nice < NICE_MAX ? c->nice + 1 : may ? NICE_MIN : 0;
	work_yield(w);
}

/* The cpuset may have been changed under it: asks what is left of all CPUs. */
static void look_again(struct churn *c)
{
	struct cpulist all;
	unsigned int cpu;

	cpulist_clear(&all);
	for (cpu = 0; cpu < CPULIST_MAX; cpu++)
		cpulist_add(&all, cpu);
	if (work_cpus_set(0, &all) == 0)
		work_cpus_get(0, &c->cpus);
}

static void affinity_churn(struct work *w)
{
	struct churn *c = w->own;

	work_spin(w, (unsigned int)w->values[SPINS]);
	if (work_cpus_pin(0, work_cpus_draw(&c->cpus, &c->rng)))
		look_again(c);
	work_yield(w);
}

static unsigned int cross_group(const int64_t *values)
{
	return (unsigned int)values[CROSS_SIBLINGS];
}

static size_t cross_shared(const int64_t *values)
{
	return (size_t)values[CROSS_SIBLINGS] * sizeof(pid_t);
}

static int cross_init(struct work *w)
{
	((pid_t *)w->group->shared)[w->member] = gettid();
	return churn_init(w);
}

/* Any member but itself; one that has ended is ESRCH. */
static void cross_affinity_churn(struct work *w)
{
	const pid_t *tid = w->group->shared;
	unsigned int n = w->group->n, other;
	struct churn *c = w->own;

	work_spin(w, (unsigned int)w->values[CROSS_SPINS]);
	other = (w->member + 1 + (unsigned int)(work_random(&c->rng) % (n - 1))) % n;
	called(w, work_cpus_pin(tid[other], work_cpus_draw(&c->cpus, &c->rng)));
	work_yield(w);
}

/* From SCHED_IDLE, too, the kernel lets nobody back without the capability. */
static void policy_churn(struct work *w)
{
	static const struct {
		unsigned int policy, priority;
	} turn[POLICIES] = { { SCHED_OTHER, 0 },
			     { SCHED_BATCH, 0 },
			     { SCHED_IDLE, 0 },
			     { SCHED_FIFO, 1 },
			     { SCHED_RR, 1 } };
	struct churn *c = w->own;
	unsigned int n = may_raise(c) ? POLICIES : 2;

	work_spin(w, (unsigned int)w->values[SPINS]);
	c->turn = (c->turn + 1) % n;
	called(w, work_sched_policy(turn[c->turn].policy, turn[c->turn].priority));
	work_yield(w);
}

/* Of the nodes, those that have CPUs among its own. */
static int numa_init(struct work *w)
{
	struct cpulist online, cpus;
	struct churn *c;
	char path[64];
	size_t i;
	int rc = churn_init(w), n;

	if (rc)
		return rc;
	c = w->own;
	if (work_list_read("/sys/devices/system/node/online", &online))
		return 0; /* a kernel without NUMA: one node, and nowhere to go */
	c->node = calloc(cpulist_count(&online) + 1, sizeof(*c->node));
	if (!c->node)
		return -ENOMEM;
	for (n = cpulist_next(&online, -1); n >= 0; n = cpulist_next(&online, n)) {
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", n);
		if (work_list_read(path, &cpus))
			continue;
		for (i = 0; i < CPULIST_MAX / CPULIST_WORD_BITS; i++)
			cpus.bits[i] &= c->cpus.bits[i];
		if (cpulist_count(&cpus))
			c->node[c->nnodes++] = cpus;
	}
	return 0;
}

static void numa_migration_churn(struct work *w)
{
	struct churn *c = w->own;

	work_spin_for(w, (uint64_t)w->values[PERIOD]);
	if (!c->nnodes || work_stopped(w))
		return;
	c->turn = (c->turn + 1) % c->nnodes;
	called(w, work_cpus_set(0, &c->node[c->turn]));
	work_checkpoint(w);
}

const struct work_type work_family_churn[] = {
	{ .name = "NiceSweep",
	  .summary = "spins, takes the next nice value from -20 to 19, and yields",
	  .group = 1,
	  .ops = { .init = churn_init, .iterate = nice_sweep, .fini = sched_fini } },
	{ .name = "AffinityChurn",
	  .summary = "spins, pins itself to one of its CPUs by chance, and yields",
	  .group = 1,
	  .params = { [SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .init = churn_init, .iterate = affinity_churn, .fini = cpus_fini } },
	{ .name = "CrossAffinityChurn",
	  .summary = "spins, pins another worker of its group to a CPU by chance, and yields",
	  .group_of = cross_group,
	  .params = { [CROSS_SIBLINGS] = WORK_PARAM_COUNT("siblings", 2, 2, SIBLINGS),
		      [CROSS_SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = cross_shared,
		   .init = cross_init,
		   .iterate = cross_affinity_churn,
		   .fini = cpus_fini } },
	{ .name = "PolicyChurn",
	  .summary = "spins, takes the next scheduling policy, and yields",
	  .group = 1,
	  .params = { [SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .init = churn_init, .iterate = policy_churn, .fini = sched_fini } },
	{ .name = "NumaMigrationChurn",
	  .summary = "spins for period on the CPUs of one NUMA node, then goes to the next",
	  .group = 1,
	  .params = { [PERIOD] = WORK_PARAM_DURATION("period", 100 * NSEC_PER_MSEC) },
	  .ops = { .init = numa_init, .iterate = numa_migration_churn, .fini = cpus_fini } },
	{ .name = NULL },
};
