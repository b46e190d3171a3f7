/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_REFS_H
#define KT_GUEST_PLAN_PROGRAM_REFS_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/*
 * A payload or scheduler that an op names or defines, by name; when ops are walked
 * again, what they define is known already.
 */
int plan_payload_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		      struct errbuf *e);
int plan_sched_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		    struct errbuf *e);
/* The payload starts, in `c` or (NULL) in the cgroup of its definition. */
int plan_payload_start(const struct node *at, struct plan_ctx *ctx, const char *name,
		       struct cgname *c, struct errbuf *e);

#endif
