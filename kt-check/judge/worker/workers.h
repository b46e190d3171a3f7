/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORKER_WORKERS_H
#define KT_CHECK_JUDGE_WORKER_WORKERS_H

#include "judge/judge.h"

/* What the limits ask of the workers. */
void judge_workers(struct judge *j);

#endif
