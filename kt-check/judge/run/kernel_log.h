/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_KERNEL_LOG_H
#define KT_CHECK_JUDGE_RUN_KERNEL_LOG_H

#include "judge/judge.h"

void judge_kernel_log(struct judge *j);

#endif
