/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OPS_OP_H
#define KT_GUEST_PLAN_OPS_OP_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* A kind of op. */
struct plan_op {
	const char *name; /* NULL ends a table */
	const char *arg;  /* what it needs, in words; NULL: nothing */
	int (*read)(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		    struct errbuf *e);
};

/* An object with exactly these keys; opt (may be NULL) may be there, too. */
int plan_op_keys(const struct node *arg, const char *a, const char *b, const char *opt,
		 struct errbuf *e);
/* The cgroup that the member `key`, or the argument itself (key NULL), names, put as `key`. */
int plan_op_cgroup(const struct node *arg, const char *key, struct plan_ctx *ctx,
		   struct json_object *out, struct cgname **c, struct errbuf *e);

#endif
