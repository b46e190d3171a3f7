/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_SHARE_PAIRS_H
#define KT_CHECK_JUDGE_SCHED_SHARE_PAIRS_H

#include "share_step.h"

/* Judges each group against the lighter one beside which it has lost most. */
void share_judge_pairs(struct share_step *t);

#endif
