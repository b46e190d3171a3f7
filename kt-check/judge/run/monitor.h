/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_MONITOR_H
#define KT_CHECK_JUDGE_RUN_MONITOR_H

#include "judge/judge.h"

/* What samples must not show. */
void judge_monitor(struct judge *j);

#endif
