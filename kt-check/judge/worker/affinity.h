/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_AFFINITY_H
#define KT_CHECK_JUDGE_WORKER_AFFINITY_H

#include "judge/check.h"

void check_affinity(struct judge *j, const struct check *c, const struct group *g);

#endif
