/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_PAYLOAD_H
#define KT_CHECK_JUDGE_PAYLOAD_H

#include "judge.h"

/* Takes a payload record: one run of one of the plan's programs. */
int take_payload(struct model *m, struct json_object *o, struct errbuf *e);
/* What the plan asks of each run. */
void judge_payloads(struct judge *j);

#endif
