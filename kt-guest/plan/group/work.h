/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_WORK_H
#define KT_GUEST_PLAN_GROUP_WORK_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* The resolved work; *group is the number that its workers come in. */
int plan_work(const struct node *n, const struct plan_ctx *ctx, struct json_object **work,
	      unsigned int *group, struct errbuf *e);
/* The default work type, when a cgroup names none. */
struct json_object *plan_work_default(unsigned int *group);

#endif
