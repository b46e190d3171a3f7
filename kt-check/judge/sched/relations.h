/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_RELATIONS_H
#define KT_CHECK_JUDGE_SCHED_RELATIONS_H

#include "judge/judge.h"

/* What the test asks of cgroups against each other. */
void judge_relations(struct judge *j);

#endif
