/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_LATENCY_H
#define KT_CHECK_JUDGE_WORKER_LATENCY_H

#include "judge/check.h"

/* How late workers ran, and how often they moved. */
void check_latency_p99(struct judge *j, const struct check *c, const struct group *g);
void check_latency_cv(struct judge *j, const struct check *c, const struct group *g);
void check_migrations(struct judge *j, const struct check *c, const struct group *g);

#endif
