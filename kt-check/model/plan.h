/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_PLAN_H
#define KT_CHECK_MODEL_PLAN_H

#include "model.h"

/* Takes the test record: what is to be expected of the run. */
int take_test(struct model *m, struct json_object *o, struct errbuf *e);

#endif
