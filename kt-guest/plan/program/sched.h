/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_SCHED_H
#define KT_GUEST_PLAN_PROGRAM_SCHED_H

#include <limits.h>
#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"
#include "topo.h"

/* A scheduler as resolved. */
struct plan_sched {
	struct json_object *record;      /* of the test record; NULL for the kernel's own */
	struct json_object *constraints; /* those that it gives, or NULL */
	struct limits limits;
	char topology[TOPO_SPEC_MAX]; /* its default, or empty */
	char config[PATH_MAX];        /* where its configuration goes in the guest, or empty */
	bool configured;              /* it brings the contents itself */
	bool staged;                  /* an op names it: KT_SCHEDULER does not stand for it */
	bool option;                  /* the command line names it: no environment does */
};

/* `at` is the test's value, or NULL when `name` comes from the command line. */
int plan_sched_resolve(const struct node *at, const char *name, struct plan_sched *s,
		       struct errbuf *e);
void plan_sched_free(struct plan_sched *s);
/*
 * A scheduler that an op names, by name or as an object: its name in the records. It is
 * one of ctx->schedulers then, or the test's own.
 */
int plan_sched_ref(const struct node *n, const struct plan_ctx *ctx, const char **name,
		   struct errbuf *e);

#endif
