/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_TEMPORAL_H
#define KT_CHECK_JUDGE_RUN_TEMPORAL_H

#include "judge/judge.h"

/* How values go over time. */
void judge_temporal(struct judge *j);

#endif
