/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_WORK_H
#define KT_GUEST_WORK_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <json-c/json.h>

#include "measure/telemetry.h"
#include "measure/tick.h"
#include "types.h"

/*
 * What workers do. One loop (crew/crew.c) drives all types: while not stopped, iterate() and
 * count one iteration. A type counts its own work units (w->tm->work_units), and calls
 * work_tick() after each millisecond of its own work at the latest, or one of the helpers
 * below, which do. So gaps are seen at that grain, however long an iteration is. Workers may
 * be threads of one process: no type keeps static state.
 */
#define WORK_SPINS 1024 /* pause instructions between two ticks */

/* Workers that belong together, as many as the type's groups have. */
struct work_group {
	const struct work_type *type;
	const int64_t *values; /* of the type's parameters, in the order of its table */
	unsigned int n;        /* workers in the group */
	void *shared;          /* ops.shared() bytes, zeroed, the same in all; or NULL */
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
	signed char limited;         /* are its processes, by pids.max; 0: not asked yet, -1: no */
	void *own;                   /* what init() made */

	/* the rest is work.c's */
	struct tick tick;
	const volatile uint32_t *cpu; /* the kernel's word on where this thread runs */
	struct {
		int fd; /* of this thread's schedstat, -1: not to be had */
		bool due;
		uint64_t at, wait_ns, slices; /* when last read, and what */
		long sleeps;                  /* how often it has slept until then */
	} delay;
};

extern const struct work_type work_family_spin[];     /* work/spin.c */
extern const struct work_type work_family_burst[];    /* work/burst.c */
extern const struct work_type work_family_pair[];     /* work/pair.c */
extern const struct work_type work_family_sequence[]; /* work/sequence.c */
extern const struct work_type work_family_alu[];
extern const struct work_type work_family_cache[];
extern const struct work_type work_family_fan[];
extern const struct work_type work_family_wake[];
extern const struct work_type work_family_herd[];
extern const struct work_type work_family_schbench[];
extern const struct work_type work_family_taobench[];
extern const struct work_type work_family_custom[]; /* work/custom.c */
extern const struct work_type work_family_timer[];  /* work/timer.c */
extern const struct work_type work_family_net[];    /* work/net.c */
extern const struct work_type work_family_io[];     /* work/io.c */
extern const struct work_type work_family_fork[];   /* work/fork.c */
extern const struct work_type work_family_churn[];  /* work/churn.c */
extern const struct work_type work_family_cgroup[]; /* work/cgroups.c */
extern const struct work_type work_family_memory[]; /* work/memory.c */
extern const struct work_type work_family_lock[];   /* work/lock.c */
extern const struct work_type work_family_queue[];  /* work/queue.c */
extern const struct work_type work_family_signal[]; /* work/signals.c */
extern const struct work_type work_family_rt[];     /* work/rt.c */

static inline bool work_stopped(const struct work *w)
{
	return __atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

static inline uint64_t work_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

/* A checkpoint at once, and its time. */
uint64_t work_checkpoint(struct work *w);

/* A checkpoint when it is due: after 1 ms, a pause of 50 us, a move to another CPU (tick.h). */
static inline void work_tick(struct work *w)
{
	if (__builtin_expect(!tick_quiet(&w->tick, work_cycles(), *w->cpu), 0))
		work_checkpoint(w);
}

/*
 * The pieces that types are made of; each ends with a tick or a checkpoint. Those that wait
 * return the time.
 */
void work_spin(struct work *w, uint64_t spins);   /* that many work units */
void work_spin_for(struct work *w, uint64_t ns);  /* WORK_SPINS at a time */
void work_yield(struct work *w);                  /* one work unit */
uint64_t work_sleep(struct work *w, uint64_t ns); /* how late it ends is timer_late */
uint64_t work_sleep_until(struct work *w, uint64_t due);
/*
 * For a wait of the type's own: since = work_doze(), wait, then one of these. A wake-up that was
 * sent at a known time; a timer that was due; a wait that ended for no such reason (the stop),
 * or a wake-up or the stop: stamped `sent` (0: by the stop), begun at `since`.
 */
uint64_t work_doze(struct work *w);
uint64_t work_woken(struct work *w, uint64_t sent);
uint64_t work_due(struct work *w, uint64_t due);
uint64_t work_resumed(struct work *w);
uint64_t work_waited(struct work *w, uint64_t since, uint64_t sent);

/*
 * A system call of the work failed with errno: counted, and the work goes on. Not so what the stop
 * brought about. A fork that fails where the plan limits processes (pids.max of its cgroup or one
 * above) is none, either.
 */
void work_failed(struct work *w, enum telemetry_failure what);
void work_fork_failed(struct work *w);

/* The loop's part: before the gate, behind it, after the last iteration. */
void work_open(struct work *w);
void work_begin(struct work *w, uint64_t start_ns, uint64_t seed);
void work_end(struct work *w);

#endif
