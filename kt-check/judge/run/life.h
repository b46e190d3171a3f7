/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_LIFE_H
#define KT_CHECK_JUDGE_RUN_LIFE_H

#include "judge/judge.h"

/* The run itself and the scheduler; sets not_judged when one of them failed. */
void judge_life(struct judge *j);

#endif
