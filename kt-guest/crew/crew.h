/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_CREW_H
#define KT_GUEST_CREW_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attr.h"
#include "cpulist.h"
#include "errbuf.h"
#include "fds.h"
#include "measure/numa.h"
#include "measure/procstat.h"
#include "work/work.h"

/*
 * A crew: the workers of one worker group, born together into one cgroup. They get ready,
 * wait at a gate that opens for all at once, work until they are told to stop, and leave
 * what they measured in shared memory. They are processes, or threads of one process that
 * does nothing else.
 */
struct worker {
	pid_t tid; /* kept after it is reaped; 0: never started */
	bool reaped, killed;
	int status;
	unsigned int index;       /* within its cgroup, over all crews */
	unsigned int member;      /* its place in the group of its type */
	struct work_group *group; /* given by crew_make() */
	struct telemetry *tm;
	struct cpulist allowed;        /* union of the sets that applied while it ran ... */
	bool anywhere;                 /* ... of which one was all CPUs */
	uint64_t cpu_ns;               /* as seen by the parent, for those that do not answer */
	uint64_t sched0[3], sched1[3]; /* /proc/PID/schedstat at start and stop */
	bool schedstat;
	struct procstat proc0, proc1; /* at start and stop; of the first CREW_PROC workers */
};

#define CREW_PROC 64 /* reading these files of thousands would hold the step up */

struct worker_memory {
	uint32_t pages[NUMA_NODES];
	int64_t migrated; /* -1: unknown */
};

struct gate;
struct crew_group;
struct home;

struct crew {
	struct crew *next;
	struct home *home; /* the cgroup where it is now; NULL: the one of the runner */
	int step;          /* -1: backdrop */
	char *cgroup;      /* name of the cgroup it was born into */
	unsigned int group_index;
	const struct work_type *type;
	struct json_object *params; /* the plan's */
	int64_t values[WORK_PARAMS_MAX];
	struct attr attr;

	struct worker *w;
	unsigned int n, started, asleep;
	pid_t leader;      /* of threads; 0: none, or reaped */
	struct fds own;    /* descriptors that its type has opened: all that its workers keep */
	pid_t onlooker;    /* looks at external workers (crew/onlooker.h); 0: none */
	struct gate *gate; /* shared memory: gate, thread ids, telemetry */
	size_t shared_len;
	struct crew_group *groups;
	char *group_mem; /* shared, too: what each group of the type asks for */
	size_t group_len, group_room;
	uint64_t start_ns, stop_ns;
	unsigned int nodes;           /* of memory */
	struct worker_memory *memory; /* of each worker at the stop; NULL where there is one node */
	bool open, ending;            /* the gate is; it is to be stopped or was (world.c) */
};

/* What a crew is made of: a worker group of the plan, and where it stands. */
struct crew_spec {
	int step;
	const char *cgroup;
	unsigned int group_index, first; /* index of its first worker in the cgroup */
	struct json_object *group;
};

/* The crew, its memory and its types' groups: 0 or -errno with words in e. */
int crew_make(struct crew **c, const struct crew_spec *s, struct errbuf *e);
/*
 * Starts the workers, in the cgroup whose directory is open at cgroup_fd (-1: where the caller
 * is). ready_fd, an eventfd, counts one more once all of them are ready.
 */
int crew_spawn(struct crew *c, int cgroup_fd, const char *path, int ready_fd, struct errbuf *e);
/* True once all that live have come to the gate. */
bool crew_ready(const struct crew *c);
/* True once all that live are asleep at the gate: only then do they all start by a wake-up. */
bool crew_gathered(struct crew *c);
/* A worker that could not get ready says why: -errno with words in e, else 0. */
int crew_failed(const struct crew *c, struct errbuf *e);
/* Reads what /proc says at the start; of *procs workers more than the least. */
void crew_look(struct crew *c, unsigned int *procs);
void crew_open(struct crew *c, uint64_t now);
/* Reads what /proc says at the stop. */
void crew_look_again(struct crew *c);
/* Lets those that run know that they are to stop; crew_stop() wakes the others for it. */
void crew_tell(struct crew *c);
void crew_stop(struct crew *c);
/* Those that got a SIGSTOP, from whomever, go on: they hear nothing else before. */
void crew_continue(const struct crew *c);
/* Tells those again that still wait: a signal just before a wait is lost on it. */
void crew_remind(const struct crew *c);
/*
 * Reaps those that ended: the number of workers that still run. Unless `all` is set, only those
 * are asked for that have said that they are done, which costs no system calls for the others.
 */
unsigned int crew_reap(struct crew *c, bool all);
/* The processes of it that still run, `max` at most: how many. */
unsigned int crew_left(const struct crew *c, pid_t *pid, unsigned int max);
/* "2 workers of a (SpinWait), first 0: state R (runnable) in /kt/a", to the end of the text. */
void crew_tell_left(const struct crew *c, char *text, size_t size);
/* SIGKILL to all that still run. */
void crew_kill(struct crew *c);
/* Frees all; the workers must be reaped (those that cannot be are left behind). */
void crew_free(struct crew *c);

#endif
