/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_CALLBACKS_H
#define KT_CHECK_JUDGE_SCHED_CALLBACKS_H

#include "judge/judge.h"

void judge_callbacks(struct judge *j);

#endif
