/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_ATTR_H
#define KT_GUEST_CREW_ATTR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cpulist.h"
#include "errbuf.h"

/*
 * What a worker group's workers are to the kernel: policy, nice, affinity, memory policy,
 * names, ids. Each worker sets its own, by plain system calls that count for its thread only.
 */
#define ATTR_NODES 1024
#define ATTR_WHAT  48
#define ATTR_UNSET INT64_MIN
#define ATTR_COMM  16

enum attr_affinity { ATTR_INHERIT, ATTR_EXACT, ATTR_RANDOM, ATTR_EACH };

struct attr_policy {
	bool set;
	uint32_t policy, priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

struct attr_cpus {
	enum attr_affinity kind;
	struct cpulist pool; /* EXACT: the set itself */
	unsigned int count;
	uint64_t round;           /* of RANDOM: other ones each time they are drawn anew */
	struct json_object *each; /* the plan's: CPU lists, taken in turn */
};

struct attr {
	struct attr_policy policy;
	struct attr_cpus affinity;
	int64_t nice, uid, gid; /* ATTR_UNSET */
	const char *comm, *pcomm;
	bool threads; /* of one process for the whole group */
	int memory;   /* MPOL_* with flags, or -1 */
	unsigned long nodes[ATTR_NODES / (8 * sizeof(unsigned long))];
};

struct json_object;

/* From the plan's worker group; strings stay the plan's. 0 or -errno with words in e. */
int attr_read(struct attr *a, struct json_object *group, struct errbuf *e);
int attr_read_affinity(struct attr_cpus *a, struct json_object *o, struct errbuf *e);

/* The CPUs that worker `index` is to have: false when it inherits them. */
bool attr_cpus_of(const struct attr_cpus *a, unsigned int index, struct cpulist *l);
/* sched_setaffinity() of a thread (0: the caller): 0 or -errno. */
int attr_set_affinity(pid_t tid, const struct cpulist *l);

/*
 * By the worker: all but the ids, and the ids, which may take away the right to do more. 0 or
 * -errno, and in what[ATTR_WHAT] the attribute that could not be set.
 */
int attr_apply(const struct attr *a, unsigned int index, char *what);
int attr_apply_ids(const struct attr *a, char *what);

#endif
