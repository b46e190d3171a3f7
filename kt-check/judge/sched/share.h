/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_SHARE_H
#define KT_CHECK_JUDGE_SCHED_SHARE_H

#include "judge/judge.h"

/* What workers were entitled to against what they got. */
void judge_share(struct judge *j);

#endif
