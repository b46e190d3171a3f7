/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_CHECK_H
#define KT_CHECK_JUDGE_CHECK_H

#include "judge.h"

/*
 * A check that a limit switches on. It looks at one group at a time. A check of each
 * worker says what failed for each one, but that all is well only once for the group.
 */
struct check {
	const char *name;
	enum limit id;
	void (*judge)(struct judge *j, const struct check *c, const struct group *g);
	const char *unit;
	/* of checks of a floor under each worker's rate */
	const char *noun, *per, *no_time;
	double (*rate)(const struct worker *w, uint64_t withheld);
};

/* True if the check is to be judged; says a skip when the run is not worth it. */
bool check_is_judged(struct judge *j, enum limit id, const struct finding *f);
/* The limit for a group (NULL: for the test): its own, or the test's, which load in the root has
 * not. */
double limit_of(const struct judge *j, const struct check *c, const struct group *g);
/* The first worker of a group, or the next one, whatever it did. */
const struct worker *worker_next(const struct judge *j, const struct group *g,
				 const struct worker *w);
bool worker_progressed(const struct worker *w);
/*
 * The first worker that counts, or the next one. With the progress check on, one that
 * made none fails that check and no other: its other figures mean nothing.
 */
const struct worker *worker_counts(const struct judge *j, const struct group *g,
				   const struct worker *w);
struct finding finding_with(const struct judge *j, const struct check *c, const struct group *g,
			    const struct worker *w, double observed);
/* Decimals with which the two do not look equal when they are not, at least `d`. */
int finding_digits(double observed, double limit, int d);
/* Whether a time of a worker is above a limit also without the most that the host explains. */
struct excuse {
	bool still;
	char words[HOST_WORDS]; /* of the host */
};
void excuse_of(const struct judge *j, const struct group *g, const struct worker *w,
	       const struct outlier *o, double limit_ns, struct excuse *x);
/*
 * Of a worker's `count` times, those above the limit that the host may have made do not count:
 * is the p99 above it with the others alone? So it is, too, when the host explains none. `told`
 * is what it explains.
 */
bool outliers_stand(const struct judge *j, const struct group *g, const struct worker *w,
		    const struct outliers *late, uint64_t count, double limit, struct excuse *told);
/* When a worker ran, as t_ns. */
void worker_time(const struct judge *j, const struct group *g, const struct worker *w,
		 int64_t *from, int64_t *to);
/* The most that the host withheld from one CPU that a worker could use while it ran, in words, too.
 */
uint64_t withheld_of(const struct judge *j, const struct group *g, const struct worker *w,
		     char words[HOST_WORDS]);
/* And the longest stretch of it, in the mean of eighths of that time. */
uint64_t burst_of(const struct judge *j, const struct group *g, const struct worker *w);
/* That of any CPU that all workers of a group could use, while any of them ran. */
uint64_t group_withheld(const struct judge *j, const struct group *g, char words[HOST_WORDS]);
void say_nobody(struct judge *j, const struct check *c, const struct group *g);

#endif
