/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_CGROUP_H
#define KT_GUEST_PLAN_GROUP_CGROUP_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* Appended to `list`. */
int plan_cgroup(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		struct errbuf *e);
int plan_cgroups(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		 struct errbuf *e);

#endif
