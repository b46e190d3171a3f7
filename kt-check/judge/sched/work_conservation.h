/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_WORK_CONSERVATION_H
#define KT_CHECK_JUDGE_SCHED_WORK_CONSERVATION_H

#include "judge/judge.h"

void judge_work_conservation(struct judge *j);

#endif
