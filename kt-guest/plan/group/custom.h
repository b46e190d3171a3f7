/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_CUSTOM_H
#define KT_GUEST_PLAN_GROUP_CUSTOM_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* The parameters of Custom. */
int plan_custom(const struct node *n, const struct plan_ctx *ctx, struct json_object *work,
		struct errbuf *e);

#endif
