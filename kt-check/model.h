/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_H
#define KT_CHECK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "arith.h"
#include "cpulist.h"
#include "errbuf.h"
#include "limits.h"

/*
 * What the stream says about one run, as far as it is judged: the plan, the
 * workers' reports by step and cgroup, the life of the scheduler, the end of the
 * guest. Nothing here knows a limit or a verdict.
 */

#define MODEL_MAX_WORKERS (1U << 20) /* an end to what a hostile guest can make us keep */
#define MODEL_NONE        UINT32_MAX

enum worker_exit { WORKER_COMPLETED, WORKER_KILLED, WORKER_DIED };

struct worker {
	int64_t tid;
	uint32_t next; /* of the same group, or MODEL_NONE */
	enum worker_exit exit;
	uint64_t work_units, iterations, wall_ns, cpu_ns, max_gap_ns, gap_at_ns;
	int64_t gap_cpu;
	double off_cpu_pct;
	char *outside; /* CPUs that it used and was not allowed to, or NULL */
};

/* The workers of one cgroup in one step: what is compared with each other. */
struct group {
	int64_t step;
	uint32_t cgroup;
	uint64_t planned, reported;
	uint32_t first, last; /* workers, or MODEL_NONE */
	char *cpuset;         /* what they were allowed to use, or NULL */
};

/* All steps of one cgroup name together: what the statistics are about. */
struct cgroup {
	char *name;
	uint32_t steps; /* groups of this name */
	struct cpulist cpus;
	uint64_t workers, migrations, iterations, max_gap_ns, p99_ns, delay_ns, delays;
	int64_t max_gap_cpu; /* -1: none known */
	double off_cpu_sum;
};

enum sched_event { SCHED_START, SCHED_ATTACH, SCHED_FAILED, SCHED_EXIT, SCHED_STOP, SCHED_EVENTS };

struct sched {
	bool seen[SCHED_EVENTS];
	char *reason, *exit; /* of the first failure */
	uint64_t guest_ns;   /* of the first failure */
	int64_t step;        /* running then, or -1 */
};

struct model {
	bool have_test;
	char *test;      /* name */
	char *scheduler; /* the plan's, or NULL */
	struct limits limits;

	struct worker *workers;
	uint32_t nworkers, workers_cap;
	struct group *groups;
	uint32_t ngroups, groups_cap;
	struct cgroup *cgroups;
	uint32_t ncgroups, cgroups_cap;
	struct json_object *group_index, *cgroup_index; /* name to number */

	struct sched sched;
	bool begun;        /* a first step was seen */
	uint64_t begin_ns; /* its guest_ns */
	int64_t step;      /* running now, or -1 */
	int64_t last_step; /* seen, or -1 */

	char *vm_cause, *vm_detail, *vm_panic; /* NULL: no vm_exit, none given */
	char *guest_error;                     /* the first one, or NULL */
	int64_t guest_exit;                    /* of the guest's own end record, or -1 */
	char *worker_died;                     /* the first that ended by itself, or NULL */
};

int model_init(struct model *m);
void model_free(struct model *m);
/* Takes one record of any type; negative with the reason in `e` when it cannot be believed. */
int model_take(struct model *m, struct json_object *o, struct errbuf *e);
/* True if model_take() has a use for records of this type. */
bool model_wants(const char *type);

#endif
