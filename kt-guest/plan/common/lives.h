/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_COMMON_LIVES_H
#define KT_GUEST_PLAN_COMMON_LIVES_H

#include "context.h"
#include "errbuf.h"
#include "testfile/node.h"

/* How long workers live in a test whose durations are known. */
void plan_lives(const struct node *test, struct plan_ctx *ctx);
/*
 * A limit that workers who live that long can never exceed is an error of the block that sets it
 * (NULL: none) or of the options (NULL: not theirs); or it is off, with a note, when that is due
 * to --duration.
 */
int plan_lives_check(struct plan_ctx *ctx, struct limits *l, const struct node *block,
		     const struct limits *options, struct plan_life life, struct errbuf *e);
/* The value of a "hold". */
int plan_hold(const struct node *n, uint64_t duration_ns, uint64_t *ns, struct errbuf *e);

#endif
