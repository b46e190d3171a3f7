/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_ENTITLE_SHARES_H
#define KT_CHECK_ENTITLE_SHARES_H

#include "contest.h"
#include "entitle.h"

/* The CPU time that a scheduler promises to those who compete in a step. */

#define SHARES_WAYS 4

/* What is promised to a contender: parts of a CPU. */
struct promise_of {
	double share, floor;
};

struct shares {
	const struct model *m;
	struct contest *c;
	struct promise_of *of;     /* of each contender, the lowest of all ways */
	double *load;              /* of each contender in one way */
	double *part[SHARES_WAYS]; /* share of each contender in each way that may hold */
	uint32_t nways;
	struct entitle_kind kinds[ENTITLE_KINDS];
	uint32_t nkinds;
	uint32_t *kind; /* of each contender, or MODEL_NONE */
	uint64_t roamed_ns,
		realtime_ns; /* used by those that come and go, and by realtime workers */
	bool crowd;
};

/* Of a contest, which stays the caller's; NULL: out of memory. */
struct shares *shares_new(const struct model *m, struct contest *c);
void shares_free(struct shares *s);
/*
 * Works out what each contender is promised while the workers run for wall_ns: false, and the
 * reason in the contest, when nothing is.
 */
bool shares_promise(struct shares *s, uint64_t wall_ns);
/* The CPUs that a contender may use. */
const struct cpulist *shares_cpus(const struct shares *s, const struct contender *p);
/* Whether it competes for a CPU all the time. */
bool shares_steady(const struct contender *p);
/* Those whose loads nothing tells are promised nothing. */
bool shares_in_crowd(const struct contest *c, const struct contender *p);

#endif
