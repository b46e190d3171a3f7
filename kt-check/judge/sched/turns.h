/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_TURNS_H
#define KT_CHECK_JUDGE_SCHED_TURNS_H

#include "judge/judge.h"

/* The checks "timeslice", "migration" and "yield". */
void judge_turns(struct judge *j);

#endif
