/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_PAGES_H
#define KT_CHECK_JUDGE_WORKER_PAGES_H

#include "judge/check.h"

/* Where the memory of workers lies. */
void check_page_locality(struct judge *j, const struct check *c, const struct group *g);
void check_cross_node(struct judge *j, const struct check *c, const struct group *g);
void check_slow_tier(struct judge *j, const struct check *c, const struct group *g);

#endif
