/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_SCHED_H
#define KT_GUEST_WORK_SCHED_H

#include <stdint.h>
#include <sys/types.h>

#include <linux/sched/types.h>

#include "cpulist.h"

/* What types change about their own scheduling, and how they undo it. */

/*
 * The highest real-time priority that a work type takes: the guest's PID 1, which tells the
 * workers to stop, and the kernel's own helpers have 50.
 */
#define WORK_RT_MAX 49

/* Policy, priority and nice value of this worker. All return 0 or -errno. */
int work_sched_get(struct sched_attr *a);
int work_sched_set(const struct sched_attr *a);
/* Changes only the policy (SCHED_*) and the real-time priority. */
int work_sched_policy(unsigned int policy, unsigned int priority);

/* The CPUs that worker `tid` (0: this one) may run on. */
int work_cpus_get(pid_t tid, struct cpulist *l);
int work_cpus_set(pid_t tid, const struct cpulist *l);
int work_cpus_pin(pid_t tid, unsigned int cpu);
/* One of the CPUs of a set that is not empty, by chance. */
unsigned int work_cpus_draw(const struct cpulist *l, uint64_t *rng);

/* A generator of this worker's own; the seed is any number. */
uint64_t work_random_seed(uint64_t seed);
uint64_t work_random(uint64_t *rng);

/* Reads a CPU or node list from a file of /proc or /sys: 0 or -errno. */
int work_list_read(const char *path, struct cpulist *l);

#endif
