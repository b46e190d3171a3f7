/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_SHARE_STEP_H
#define KT_CHECK_JUDGE_SCHED_SHARE_STEP_H

#include "entitle/shares.h"
#include "judge/judge.h"

/* The shares of one step, as they are judged. */
struct share_step {
	struct judge *j;
	struct shares *s;
	double tolerance;
};

/* Whether contender i is judged: it lived in this step only, worked, and is promised something. */
bool share_is_judged(const struct share_step *t, uint32_t i);
/* " (nice -3)", or nothing */
const char *share_nice_words(const struct contender *p, char *buf, size_t size);
/* Tasks on each CPU of contender i. */
double share_beside(const struct share_step *t, uint32_t i);
/*
 * Of what the host withheld from a CPU, the part that may have changed who got it. A guest
 * charges such a stretch to the task that was on the CPU, which then does not run before the
 * others have caught up: none is ahead by more than a longest stretch, but each may be, and
 * now and then a task that is ahead is moved and forgiven. So many tasks are ahead of it.
 */
double share_unpaid_ns(const struct share_step *t, uint32_t i, double tasks, char host[HOST_WORDS]);

#endif
