/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_GROUP_H
#define KT_GUEST_PLAN_GROUP_GROUP_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

#define PLAN_GROUP_KEYS                                                                     \
	"workers", "work", "policy", "nice", "affinity", "mem_policy", "numa_node", "comm", \
		"pcomm", "uid", "gid", "clone", "assert"
struct plan_group_at {
	const struct node *own, *outer; /* the group; what fills in for it, or NULL */
	const struct cgname *cgroup;    /* NULL: the guest's root */
};
/* *out is to be released in any case. */
int plan_group(const struct plan_group_at *at, struct plan_ctx *ctx, struct json_object **out,
	       int64_t *workers, struct errbuf *e);
/* "assert" of some workers, over that of what they are in (`outer`, may be NULL), into `out`. */
int plan_group_limits(const struct node *own, const struct node *outer, struct plan_ctx *ctx,
		      struct json_object *out, struct errbuf *e);

#endif
