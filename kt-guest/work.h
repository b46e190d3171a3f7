/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_H
#define KT_GUEST_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "telemetry.h"
#include "worktype.h"

/*
 * What workers do. A type is a pair of operations; one loop (worker.c) drives
 * them all: while not stopped, iterate() and count one iteration. A type counts
 * its own work units and takes its own checkpoints, by the helpers below.
 */
#define WORK_SPINS 1024 /* pause instructions between two checkpoints */

/* Shared by the two workers of a pair: PipeIo and FutexPingPong. */
struct work_pair {
	uint32_t turn;        /* FutexPingPong: whose turn it is; a futex */
	int pipe[2][2];       /* PipeIo: side s reads pipe[s][0] */
	uint64_t stamp[2][2]; /* when side s sent its k-th wake-up, at [s][k & 1] */
};

struct work_step {
	enum work_phase phase;
	uint64_t ns;
};

/* A worker as it sees itself, in its own process. */
struct work {
	struct telemetry *tm;
	const uint32_t *stop;       /* shared; the parent sets it, then signals */
	struct json_object *params; /* the resolved work of the plan */
	struct work_pair *pair;
	unsigned int side;
	/* what init() made of the parameters */
	uint64_t burst_ns, sleep_ns, rounds;
	unsigned int spins, nsteps;
	struct work_step step[WORK_PHASES_MAX];
	int fd; /* scratch file of the io phase */
};

struct work_ops {
	int (*init)(struct work *w); /* before the start; may be NULL; 0 or -errno */
	void (*iterate)(struct work *w);
	bool pipes; /* the pair needs pipes */
};

extern const struct work_ops work_spin_wait, work_yield_heavy, work_mixed; /* work_spin.c */
extern const struct work_ops work_bursty;                                  /* work_burst.c */
extern const struct work_ops work_pipe_io, work_futex_ping_pong;           /* work_pair.c */
extern const struct work_ops work_sequence;                                /* work_sequence.c */

extern const struct work_ops *const work_ops[]; /* by enum work_kind */

static inline bool work_stopped(const struct work *w)
{
	return __atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

/* The pieces that types are made of; each ends with a checkpoint and returns its time. */
uint64_t work_spin(struct work *w, unsigned int spins); /* that many work units */
uint64_t work_yield(struct work *w);                    /* one work unit */
uint64_t work_sleep(struct work *w, uint64_t ns);       /* lateness is a wake latency */
void work_spin_for(struct work *w, uint64_t ns);        /* WORK_SPINS at a time */

#endif
