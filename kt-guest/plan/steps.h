/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_STEPS_H
#define KT_GUEST_PLAN_STEPS_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

int plan_backdrop(const struct node *test, struct plan_ctx *ctx, struct json_object **backdrop,
		  struct errbuf *e);
int plan_steps(const struct node *test, struct plan_ctx *ctx, struct json_object **steps,
	       struct errbuf *e);

#endif
