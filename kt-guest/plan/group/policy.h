/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_POLICY_H
#define KT_GUEST_PLAN_GROUP_POLICY_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

int plan_policy(const struct node *n, struct json_object **policy, struct errbuf *e);
int plan_policy_fits(const struct node *n, struct json_object *policy, const struct plan_ctx *ctx,
		     const struct cgname *c, int64_t workers, struct errbuf *e);

#endif
