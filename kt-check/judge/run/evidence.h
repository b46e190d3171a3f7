/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_RUN_EVIDENCE_H
#define KT_CHECK_JUDGE_RUN_EVIDENCE_H

#include "judge/judge.h"

/* Whether all is there that the plan and the guest's end ask for; says it, if not. */
bool whole_judge_end(struct judge *j, const struct finding *f);
bool whole_judge_steps(struct judge *j, const struct finding *f);

#endif
