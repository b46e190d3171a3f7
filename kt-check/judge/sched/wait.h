/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_WAIT_H
#define KT_CHECK_JUDGE_SCHED_WAIT_H

#include "judge/judge.h"

void judge_wait(struct judge *j);

#endif
