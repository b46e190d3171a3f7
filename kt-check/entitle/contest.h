/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_ENTITLE_CONTEST_H
#define KT_CHECK_ENTITLE_CONTEST_H

#include "model/model.h"

/*
 * Who competes for CPUs while one step is held: all workers that live then, with what the
 * plan gives them and their cgroups.
 */
#define CONTEST_HOMES   1024
#define CONTEST_WORKERS (1U << 16)

/* What a type of work does with the CPU that it is given. */
enum act {
	ACT_SPINS,    /* never leaves it by itself */
	ACT_YIELDS,   /* always wants it, and gives it away at times */
	ACT_SLEEPS,   /* wants it now and then */
	ACT_CROWD,    /* as many tasks, or as heavy ones, as no record tells */
	ACT_REALTIME, /* some of it is of a class above the others */
	ACT_MOVES     /* moves tasks between cgroups */
};

struct home {
	char *name;
	int32_t parent;   /* of `homes`, or -1: below the root */
	double weight;    /* as a task's: 1024 for a cpu.weight of 100 */
	uint64_t quota;   /* ns in each period; 0: no limit */
	uint64_t period;  /* ns */
	double tasks;     /* sum of the weights in it, cgroups included, */
	double heads;     /* and that as if nobody had a nice value */
	bool masked;      /* it has CPUs of its own */
	bool crowd;       /* what that sum is no record tells */
	uint64_t used_ns; /* of its workers and those below it */
	uint64_t span_ns; /* the longest that one of them ran */
	uint32_t workers; /* of it and those below it */
	bool lasting;     /* some of these are the backdrop's */
};

struct contender {
	const struct worker *w;
	uint32_t group; /* of the model */
	int32_t home;   /* or -1: in the root */
	enum act act;
	double weight; /* 1024 for nice 0 */
	int64_t nice;
	bool fair; /* not of a policy that has another right to CPUs */
};

struct contest {
	int64_t step;
	struct json_object *known; /* number and cgroup to the plan's worker group */
	struct json_object *moved; /* the same to the cgroup that it was moved to */
	struct home homes[CONTEST_HOMES];
	uint32_t nhomes;
	struct contender *c;
	uint32_t n, cap;
	bool root_crowd;
	char why[160]; /* it cannot be judged, or "" */
};

/* Goes through the steps in which workers reported: *step begins as MODEL_BACKDROP; false: no more.
 */
bool contest_next(const struct model *m, int64_t *step);
/* NULL when there is no memory. Whatever is wrong with it is told in `why`. */
struct contest *contest_of(const struct model *m, int64_t step);
void contest_free(struct contest *c);
/* The limit of a home and all around it, in CPUs: the tightest; NULL when there is none. */
const struct home *contest_quota(const struct contest *c, int32_t home);

#endif
