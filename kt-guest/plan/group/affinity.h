/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_AFFINITY_H
#define KT_GUEST_PLAN_GROUP_AFFINITY_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* *out is NULL for "inherit". c: whose workers; NULL: the guest's root. */
int plan_affinity(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		  struct json_object **out, struct errbuf *e);

#endif
