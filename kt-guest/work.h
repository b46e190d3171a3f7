/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_H
#define KT_GUEST_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#include "telemetry.h"
#include "worktype.h"

/*
 * What workers do. One loop (worker.c) drives all types: while not stopped, iterate() and
 * count one iteration. A type counts its own work units and takes its own checkpoints, by
 * the helpers below. Workers may be threads of one process: no type keeps static state.
 */
#define WORK_SPINS 1024 /* pause instructions between two checkpoints */

/* Workers that belong together, as many as the type's groups have. */
struct work_group {
	const struct work_type *type;
	const int64_t *values; /* of the type's parameters, in the order of its table */
	unsigned int n;        /* workers in the group */
	void *shared;          /* ops.shared() bytes, zeroed, the same in all; or NULL */
	const char *medium;    /* prepare() names the disk or network that it found; or NULL */
};

/* A worker as it sees itself. */
struct work {
	struct telemetry *tm;
	const uint32_t
		*stop; /* shared; the parent sets it, then signals (SIGUSR1, no SA_RESTART) */
	const int64_t *values;
	struct json_object *params; /* the resolved work of the plan */
	struct work_group *group;
	unsigned int member;         /* this worker's place in its group, from 0 */
	unsigned int index, workers; /* its place in its cgroup, and how many these are */
	const char *cgroup;          /* its cgroup's directory */
	void *own;                   /* what init() made */
};

extern const struct work_type work_family_spin[];     /* work_spin.c */
extern const struct work_type work_family_burst[];    /* work_burst.c */
extern const struct work_type work_family_pair[];     /* work_pair.c */
extern const struct work_type work_family_sequence[]; /* work_sequence.c */

static inline bool work_stopped(const struct work *w)
{
	return __atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

/* The pieces that types are made of; each ends with a checkpoint and returns its time. */
uint64_t work_checkpoint(struct work *w);
uint64_t work_spin(struct work *w, unsigned int spins); /* that many work units */
uint64_t work_yield(struct work *w);                    /* one work unit */
uint64_t work_sleep(struct work *w, uint64_t ns);       /* lateness is a wake latency */
void work_spin_for(struct work *w, uint64_t ns);        /* WORK_SPINS at a time */
/* Accounts a wait that ended now: by a wake-up stamped `sent` (0: by the stop), begun at `since`.
 */
void work_waited(struct work *w, uint64_t since, uint64_t sent);

#endif
