/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_OBSERVER_H
#define KT_CHECK_JUDGE_RUN_OBSERVER_H

#include "judge/judge.h"

void judge_observer(struct judge *j);

#endif
