/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_PAYLOAD_H
#define KT_GUEST_PLAN_PROGRAM_PAYLOAD_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/*
 * "payloads", "payload" and "workloads" of the test into ctx->payloads;
 * *primary is a name or NULL, *workloads an array of names, to be released in any case.
 */
int plan_payloads(const struct node *test, const struct plan_ctx *ctx, const char **primary,
		  struct json_object **workloads, struct errbuf *e);
/* A payload that an op or the backdrop names: one of ctx->payloads. */
int plan_payload_ref(const struct node *n, const struct plan_ctx *ctx, struct json_object **payload,
		     struct errbuf *e);

#endif
