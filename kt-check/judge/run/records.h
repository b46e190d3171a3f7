/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_RECORDS_H
#define KT_CHECK_JUDGE_RUN_RECORDS_H

#include "judge/judge.h"

/* Whether records were lost. */
void judge_records(struct judge *j);

#endif
