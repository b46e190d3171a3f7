/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_SCHED_QUOTA_H
#define KT_CHECK_JUDGE_SCHED_QUOTA_H

#include "judge/judge.h"

/* No cgroup has more CPU time than its cpu.max. */
void judge_quota(struct judge *j);

#endif
