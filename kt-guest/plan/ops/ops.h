/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OPS_OPS_H
#define KT_GUEST_PLAN_OPS_OPS_H

#include "op.h"

int plan_ops(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
	     struct errbuf *e);

#endif
