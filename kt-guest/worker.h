/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORKER_H
#define KT_GUEST_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "errbuf.h"
#include "procstat.h"
#include "work.h"

/*
 * Worker processes of one step. They are born into their cgroups, get ready, wait
 * at a gate that opens for all at once, work until they are told to stop, and
 * leave what they measured in shared memory.
 */
struct worker {
	pid_t tid; /* kept after it is reaped; 0: never started */
	bool reaped, killed;
	int status;
	/* filled in by the caller; strings and params are the plan's */
	unsigned int step, index;
	unsigned int group_index;  /* of the plan's worker group in its cgroup */
	const char *cgroup, *cpus; /* cpus: NULL for all */
	const struct work_type *type;
	struct json_object *params;

	struct telemetry *tm;
	const int64_t *values;         /* of the type's parameters */
	struct work_group *group;      /* given by crew_group() */
	unsigned int member;           /* its place in the group */
	unsigned int ncgroup;          /* workers in its cgroup */
	uint64_t cpu_ns;               /* as seen by the parent, for those that do not answer */
	uint64_t sched0[3], sched1[3]; /* /proc/PID/schedstat at start and stop */
	bool schedstat;
	struct procstat proc0, proc1; /* at start and stop; of the first CREW_PROC workers */
};

#define CREW_PROC 256 /* reading these files of thousands would hold the step up */

struct gate;
struct crew_group;

struct crew {
	struct worker *w;
	unsigned int n, started;
	struct gate *gate; /* shared memory: gate, then telemetry */
	struct crew_group *groups;
	size_t shared_len;
	int ready_fd, child_fd;
	uint64_t start_ns, stop_ns;
};

/*
 * Room for n workers. The caller then says who each is; workers of a group are
 * neighbours. 0 or -errno.
 */
int crew_init(struct crew *c, unsigned int n, struct errbuf *e);
/* Makes a group of worker i and its n - 1 right neighbours, with what their type needs for it. */
int crew_group(struct crew *c, unsigned int i, unsigned int n, struct errbuf *e);
/* Starts the next n workers, in cgroup cg. */
int crew_spawn(struct crew *c, unsigned int n, const struct cgroup *cg, struct errbuf *e);
/* Readable once all are ready. */
int crew_ready_fd(const struct crew *c);
/* Opens the gate. */
void crew_start(struct crew *c);
/* Tells all to stop; the first call sets stop_ns, later ones remind those that still wait. */
void crew_stop(struct crew *c);
/* Readable when a child ended. */
int crew_child_fd(const struct crew *c);
/* Reaps those that ended: the number of workers that still run. */
unsigned int crew_reap(struct crew *c);
/* SIGKILL to all that still run. */
void crew_kill(struct crew *c);
/* Frees all; the workers must be reaped (those that cannot be are left behind). */
void crew_free(struct crew *c);

#endif
