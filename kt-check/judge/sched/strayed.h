/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_STRAYED_H
#define KT_CHECK_JUDGE_SCHED_STRAYED_H

#include "judge/judge.h"

/* The check "affinity", as samples tell. */
void judge_strayed(struct judge *j);

#endif
