/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_SCHEDULER_H
#define KT_CHECK_JUDGE_RUN_SCHEDULER_H

#include "judge/judge.h"

/* What became of the scheduler, and whether that was asked for; sets not_judged, too. */
void judge_scheduler(struct judge *j);
bool scheduler_failed(const struct model *m);

#endif
