/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_MODEL_H
#define KT_CHECK_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "away.h"
#include "callbacks.h"
#include "conservation.h"
#include "cpulist.h"
#include "errbuf.h"
#include "host.h"
#include "klog.h"
#include "limits.h"
#include "lost.h"
#include "observed.h"
#include "observer.h"
#include "promise.h"
#include "read/arith.h"
#include "read/raw.h"
#include "shape.h"
#include "terms.h"
#include "waits.h"
#include "whole.h"

/*
 * What the stream says about one run, as far as it is judged: the plan, the
 * workers' reports by step and cgroup, the life of the scheduler, the end of the
 * guest. Nothing here knows a limit or a verdict.
 */

#define MODEL_MAX_WORKERS (1U << 20) /* an end to what a hostile guest can make us keep */
#define MODEL_MAX_NODES   64
#define MODEL_MAX_COUNT   (1LL << 53) /* 104 days in ns: nothing that is counted gets there */
#define MODEL_NONE        UINT32_MAX
#define MODEL_ROOT        "/"  /* name of the cgroup of workers that are in none */
#define MODEL_BACKDROP    (-1) /* as a step: what is there before the first and until the end */

enum worker_exit { WORKER_COMPLETED, WORKER_KILLED, WORKER_DIED };

/* How late a worker ran: after what woke it, or else whenever it had to wait for a CPU. */
enum latency_of { LATENCY_NONE, LATENCY_WAKE, LATENCY_QUEUE, LATENCY_TIMER };

struct latency {
	enum latency_of of;
	uint64_t count, p99_ns;
	double mean_ns, cv;
};

/* A gap or a latency; it ended at at_ns after the worker's start. */
struct outlier {
	uint64_t ns, at_ns;
	int64_t cpu;
};

#define OUTLIERS_MAX 64

/* The longest ones, the longest first. */
struct outliers {
	struct outlier *o; /* or NULL */
	uint32_t n;
};

struct worker {
	int64_t tid;
	uint32_t next; /* of the same group, or MODEL_NONE */
	enum worker_exit exit;
	uint64_t work_units, iterations, migrations, wall_ns, cpu_ns, max_gap_ns, gap_at_ns;
	uint64_t timeslices; /* 0: not known */
	int64_t gap_cpu;
	double off_cpu_pct;
	struct latency latency;
	struct latency timer;       /* how late sleeps and timers ended after they were due */
	int64_t start_ns;           /* guest_ns, or -1 */
	struct outliers gaps, late; /* `late`: of `latency` */
	struct outliers timer_late;
	uint32_t mask;   /* of the model: what it was allowed to use, or MODEL_NONE */
	uint64_t failed; /* system calls of its work */
	char *failure;   /* "5 of fork, 2 of exec (EAGAIN)", or NULL */
	char *outside;   /* CPUs that it used and was not allowed to, or NULL */
};

/* One cgroup in one step: where a number of workers is expected. */
struct place {
	int64_t step; /* or MODEL_BACKDROP */
	uint32_t cgroup;
	uint32_t groups;
	uint64_t planned, reported;
	char *mems; /* nodes that the plan gives its memory, or NULL */
};

/* When a step was held: guest_ns, -1 while it is not known. */
struct window {
	int64_t from, to;
};

/* Where the pages of workers lie, as far as they told. */
struct pages {
	uint64_t node[MODEL_MAX_NODES], migrated;
};

/* The workers of one group of a cgroup in one step: what is compared with each other. */
struct group {
	uint32_t place, number;
	bool bind;            /* the plan binds its memory to nodes */
	uint32_t first, last; /* workers, or MODEL_NONE */
	uint32_t next;        /* group of the same cgroup, or MODEL_NONE */
	char *work;           /* type, or NULL */
	char *cpuset;         /* what they were allowed to use, or NULL */
	struct pages *pages;  /* or NULL */
	struct limits *own;   /* in place of the test's, or NULL */
};

/* All steps of one cgroup name together: what the statistics are about. */
struct cgroup {
	char *name;
	uint32_t places;      /* of this name */
	uint32_t first, last; /* groups, or MODEL_NONE */
	struct cpulist cpus;
	uint64_t workers, migrations, iterations, max_gap_ns, p99_ns, delay_ns, delays;
	int64_t max_gap_cpu; /* -1: none known */
	double off_cpu_sum;
};

/* What the plan does in a step at its beginning, or again and again. */
struct op {
	int64_t step; /* or MODEL_BACKDROP */
	int64_t index;
	bool loop, seen;
	uint64_t count;   /* times that it was done */
	uint64_t workers; /* that it starts each time, */
	uint32_t place;   /* there; or MODEL_NONE */
	uint32_t payload; /* that it starts each time, or MODEL_NONE */
};

struct payload {
	char *name;
	struct json_object *checks; /* the plan's array, or NULL */
	uint64_t planned, reported;
};

/* One run of a payload. */
struct payload_run {
	uint32_t payload;
	char *exit, *said; /* its last words, or NULL */
	uint64_t duration_ns;
	double *values; /* of the metrics of the payload's checks, by index; NAN: not there */
};

/* That the scheduler is to die, and with which words. */
struct expect {
	bool error;
	struct json_object *contains, *matches; /* arrays of strings, or NULL */
};

enum sched_event { SCHED_START, SCHED_ATTACH, SCHED_FAILED, SCHED_EXIT, SCHED_STOP, SCHED_EVENTS };

struct sched {
	bool seen[SCHED_EVENTS];
	bool running;               /* attached, and not stopped since */
	uint64_t attached;          /* how often */
	char *name, *reason, *exit; /* of the first failure */
	uint64_t guest_ns;          /* of the first failure */
	int64_t step;               /* running then, or -1 */
};

struct model {
	bool have_test;
	struct whole whole;
	struct json_object *plan; /* the test record */
	char *test;               /* name */
	char *scheduler;          /* the plan's, or the first one that its ops attach, or NULL */
	struct limits limits;
	struct promises promises;
	struct terms terms;
	struct expect expect;
	bool allow_inconclusive;

	struct worker *workers;
	uint32_t nworkers, workers_cap;
	struct place *places;
	uint32_t nplaces, places_cap;
	struct group *groups;
	uint32_t ngroups, groups_cap;
	struct cgroup *cgroups;
	uint32_t ncgroups, cgroups_cap;
	struct op *ops;
	uint32_t nops, ops_cap;
	struct payload *payloads;
	uint32_t npayloads, payloads_cap;
	struct payload_run *runs;
	uint32_t nruns, runs_cap;
	struct window *windows;
	uint32_t nwindows, windows_cap;
	struct cpulist *masks; /* of workers, each once */
	uint32_t nmasks, masks_cap;
	struct json_object *index; /* of all of these, a kind and a name to a number */

	uint32_t nnodes; /* 0: no topology is known */
	struct cpulist node_cpus[MODEL_MAX_NODES];
	struct cpulist cpus; /* of all nodes */

	struct observed seen; /* from outside */
	struct host_model host;
	struct conservation *conservation;
	struct waits *waits;
	struct callbacks *callbacks;
	struct away away;
	struct klog klog;
	struct shape shape;
	struct lost lost;
	struct observer observer;

	struct sched sched;
	bool begun;        /* a first step was seen */
	uint64_t begin_ns; /* its guest_ns */
	int64_t step;      /* running now, or -1 */
	int64_t last_step; /* seen, or -1 */

	bool on_host, host_done;               /* it ran without a guest; and came to its end */
	char *vm_cause, *vm_detail, *vm_panic; /* NULL: no vm_exit, none given */
	char *guest_error, *op_error;          /* the first ones, or NULL, */
	struct raw_who starved;                /* and who had then waited longest for a CPU */
	int64_t exit_ns;                       /* t_ns of the VM's end, or 0 */
	int64_t guest_exit;                    /* of the guest's own end record, or -1 */
	char *worker_died;                     /* the first that ended by itself, or NULL */
	int64_t stop_ns;                       /* guest_ns at which the last step stopped, or -1 */
	int64_t clock_ns;                      /* t_ns at guest_ns 0; valid when begun */
	int64_t done_ns;                       /* t_ns of the guest's own end record, or -1 */
};

int model_init(struct model *m);
void model_free(struct model *m);
/*
 * Takes one record of any type, its line and its object; negative with the reason in `e` when it
 * cannot be believed.
 */
int model_take(struct model *m, const char *line, size_t len, struct json_object *o,
	       struct errbuf *e);
/* Are records of this type taken by their line alone, and how: for those that most of a stream is.
 */
bool model_unparsed(const struct model *m, const char *type);
int model_take_line(struct model *m, const char *line, size_t len, struct errbuf *e);
/* After the last record: how much was to be expected is known only now. */
int model_close(struct model *m); /* 0 or -ENOMEM */
/* True if model_take() has a use for records of this type. */
bool model_wants(const struct model *m, const char *type);

#endif
