/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_MEM_H
#define KT_GUEST_PLAN_GROUP_MEM_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* *policy is NULL for "default"; lists of NUMA nodes of the topology. */
int plan_mem_policy(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		    struct json_object **policy, struct errbuf *e);
int plan_nodes(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	       struct errbuf *e);

#endif
