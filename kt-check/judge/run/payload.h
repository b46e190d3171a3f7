/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_PAYLOAD_H
#define KT_CHECK_JUDGE_RUN_PAYLOAD_H

#include "judge/judge.h"

/* How the test's programs ended, and their metrics. */
void judge_payloads(struct judge *j);

#endif
