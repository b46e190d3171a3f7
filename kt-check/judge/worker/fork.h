/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_FORK_H
#define KT_CHECK_JUDGE_WORKER_FORK_H

#include "judge/check.h"

/* System calls of the work that failed. */
void check_fork(struct judge *j, const struct check *c, const struct group *g);

#endif
