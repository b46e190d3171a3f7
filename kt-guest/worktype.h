/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORKTYPE_H
#define KT_GUEST_WORKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The work types by name, with their parameters and defaults: one const table for the
 * plan (which resolves and checks) and for the runner (which does the work). A resolved
 * work is {"type":"Bursty","burst_ns":50000000,"sleep_ns":100000000}; that of Sequence
 * is {"type":"Sequence","phases":[{"kind":"spin","ns":100000000},...]}. kt-test(5).
 */
enum work_kind {
	WORK_SPIN_WAIT,
	WORK_YIELD_HEAVY,
	WORK_MIXED,
	WORK_BURSTY,
	WORK_PIPE_IO,
	WORK_FUTEX_PING_PONG,
	WORK_SEQUENCE,
};

enum work_phase { WORK_PHASE_SPIN, WORK_PHASE_SLEEP, WORK_PHASE_YIELD, WORK_PHASE_IO };

#define WORK_DURATION_MAX (3600LL * 1000000000) /* ns, of a phase or a parameter */
#define WORK_PARAMS_MAX   2
#define WORK_PHASES_MAX   64   /* of one Sequence */
#define WORK_WORKERS_MAX  4096 /* of one cgroup */

struct work_param {
	const char *key;      /* in a test file: "burst"; NULL ends the list */
	const char *resolved; /* in a record: "burst_ns" */
	bool duration;        /* a duration in the file, nanoseconds in the record; else a count */
	int64_t value;        /* the default */
	int64_t min, max;
};

struct work_type {
	const char *name; /* NULL ends the table */
	enum work_kind kind;
	unsigned int group; /* workers come in groups of so many */
	bool blocks;        /* it waits for something, so a wake latency can be measured */
	bool phases;        /* it takes an array of phases, not parameters */
	struct work_param params[WORK_PARAMS_MAX + 1];
};

extern const struct work_type work_types[];
extern const char *const work_phases[]; /* names by enum work_phase; a NULL ends them */

/* By name, exactly as spelled; older names (CpuSpin) are accepted. NULL: no such type. */
const struct work_type *work_type_find(const char *name);
/* An enum work_phase by name, or -1. */
int work_phase_find(const char *name);

#endif
