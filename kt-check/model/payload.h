/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_PAYLOAD_H
#define KT_CHECK_MODEL_PAYLOAD_H

#include "model.h"

/* Takes a payload record: one run of one of the plan's programs. */
int take_payload(struct model *m, struct json_object *o, struct errbuf *e);
/* What the plan asks of each run: how many checks, and each of them. */
size_t payload_checks(const struct payload *p);
struct json_object *payload_check(const struct payload *p, size_t i);

#endif
