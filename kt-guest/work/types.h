/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_TYPES_H
#define KT_GUEST_WORK_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The work types by name, with parameters, defaults and what they do. Each family of types
 * is one file, work_FAMILY.c, with one const table; work/types.c lists the families. The plan
 * (which resolves and checks) and the runner (which works) read the same tables. A resolved
 * work is {"type":"Bursty","burst_ns":50000000,"sleep_ns":100000000}; that of Sequence
 * is {"type":"Sequence","phases":[{"kind":"spin","ns":100000000},...]}. kt-test(5).
 */
#define WORK_DURATION_MAX (3600LL * 1000000000) /* ns, of a phase or a parameter */
#define WORK_COUNT_MAX    1000000000LL
#define WORK_PARAMS_MAX   12
#define WORK_PHASES_MAX   64   /* of one Sequence */
#define WORK_WORKERS_MAX  4096 /* of one cgroup */

enum work_param_kind {
	WORK_COUNT,
	WORK_DURATION, /* a duration in the file, nanoseconds in the record */
	WORK_BOOL,
	WORK_SIZE,   /* "32KiB" or a number of bytes in the file, bytes in the record */
	WORK_CHOICE, /* one of `choices`; the value is its index, the record has the word */
};

struct work_param {
	const char *key;      /* in a test file: "burst"; NULL ends the list */
	const char *resolved; /* in a record: "burst_ns" */
	enum work_param_kind kind;
	int64_t value; /* the default */
	int64_t min, max;
	const char *const *choices; /* ends with NULL */
};

#define WORK_PARAM_COUNT(k, dflt, least, most)            \
	{                                                 \
		k, k, WORK_COUNT, dflt, least, most, NULL \
	}
#define WORK_PARAM_DURATION(k, dflt)                                                   \
	{                                                                              \
		k, k "_ns", WORK_DURATION, (int64_t)(dflt), 1, WORK_DURATION_MAX, NULL \
	}
#define WORK_PARAM_SIZE(k, dflt, least, most)                     \
	{                                                         \
		k, k "_bytes", WORK_SIZE, dflt, least, most, NULL \
	}
#define WORK_PARAM_BOOL(k, dflt)                  \
	{                                         \
		k, k, WORK_BOOL, dflt, 0, 1, NULL \
	}
#define WORK_PARAM_CHOICE(k, dflt, words)            \
	{                                            \
		k, k, WORK_CHOICE, dflt, 0, 0, words \
	}

struct work;
struct work_group;

/* What a type does. Values are those of its parameters, in the order of its table. */
struct work_ops {
	/* Bytes of zeroed memory that the workers of one group share; NULL: none. */
	size_t (*shared)(const int64_t *values);
	/* By the parent, once a group, before its workers are born: pipes and the like. 0 or
	 * -errno. */
	int (*prepare)(struct work_group *g);
	/* By the parent when the workers are gone: closes what prepare() opened. */
	void (*discard)(struct work_group *g);
	/* By the worker, before the start; 0 or -errno. */
	int (*init)(struct work *w);
	/* Again and again until the stop; one iteration. Ends soon after the stop, whatever it
	 * waits for. */
	void (*iterate)(struct work *w);
	/* By the worker after its last iteration: undoes what would disturb others, adds metrics.
	 */
	void (*fini)(struct work *w);
};

struct work_type {
	const char *name;    /* NULL ends a table */
	const char *summary; /* what an iteration does, one line for people */
	unsigned int group;  /* workers come in groups of so many; 0: ask group_of() */
	unsigned int (*group_of)(const int64_t *values);
	/*
	 * Parameters that fit each but not each other: a message, or NULL when all is well.
	 * The plan asks before it asks group_of().
	 */
	const char *(*conflict)(const int64_t *values);
	bool blocks;              /* it waits for something and times its own wake-ups */
	bool phases;              /* it takes an array of phases, not parameters */
	bool processes;           /* its workers cannot be threads */
	bool alone;               /* one worker fills its CPUs with threads of its own: use one */
	bool moves;               /* it moves tasks between cgroups, so it must be in one */
	bool external;            /* Custom: a program is the work, and the loop is not run */
	const char *const *kargs; /* that give the guest's kernel what it needs; ends with NULL */
	struct work_param params[WORK_PARAMS_MAX + 1];
	struct work_ops ops;
};

extern const struct work_type *const work_families[]; /* tables; NULL ends them */

/* Goes through all types: *f and *t start at 0 and NULL; the next type, or NULL. */
const struct work_type *work_type_next(const struct work_type *t, unsigned int *family);
/* By name, exactly as spelled; older names (CpuSpin) are accepted. NULL: no such type. */
const struct work_type *work_type_find(const char *name);
/* The number of workers that its groups have with these parameters. */
unsigned int work_type_group(const struct work_type *t, const int64_t *values);

struct json_object;
/* The parameters of a resolved work, in the order of the table: 0, or -EINVAL. */
int work_type_values(const struct work_type *t, struct json_object *work, int64_t *values);

enum work_phase {
	WORK_PHASE_SPIN,
	WORK_PHASE_SLEEP,
	WORK_PHASE_YIELD,
	WORK_PHASE_IO,
	WORK_PHASE_ALU
};
extern const char *const work_phases[]; /* names by enum work_phase; a NULL ends them */
/* An enum work_phase by name, or -1. */
int work_phase_find(const char *name);

#endif
