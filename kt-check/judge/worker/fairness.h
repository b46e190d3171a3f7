/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_FAIRNESS_H
#define KT_CHECK_JUDGE_WORKER_FAIRNESS_H

#include "judge/check.h"

/* Workers of one group against each other, and each against its own clock. */
void check_isolation(struct judge *j, const struct check *c, const struct group *g);
void check_progress(struct judge *j, const struct check *c, const struct group *g);
void check_spread(struct judge *j, const struct check *c, const struct group *g);
void check_gap(struct judge *j, const struct check *c, const struct group *g);
void check_throughput_cv(struct judge *j, const struct check *c, const struct group *g);
void check_floor(struct judge *j, const struct check *c, const struct group *g);
/* Per second that is left without what the host withheld. */
double work_rate(const struct worker *w, uint64_t withheld);
double iteration_rate(const struct worker *w, uint64_t withheld);

#endif
