/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_COMMON_STATE_H
#define KT_GUEST_PLAN_COMMON_STATE_H

#include "context.h"

/* What state the cgroups of a test are in at each point. */
/* What c (NULL: the guest's root) may use: CPUs that are online, memory nodes. */
void names_cpus(const struct plan_ctx *ctx, const struct cgname *c, struct cpulist *l);
void names_mems(const struct plan_ctx *ctx, const struct cgname *c, struct cpulist *l);
int names_set_cpus(struct plan_ctx *ctx, const struct node *at, struct cgname *c,
		   const struct cpulist *l, struct errbuf *e);
int names_set_mems(struct plan_ctx *ctx, const struct node *at, struct cgname *c,
		   const struct cpulist *l, struct errbuf *e);
void names_clear_cpus(struct cgname *c);
/* Workers start in it: what names_start() does, and it is known as one that has them. */
int names_work(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e);
/* Processes start in it. */
int names_start(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e);
int names_offline(struct plan_ctx *ctx, const struct node *at, const struct cpulist *l,
		  struct errbuf *e);
int names_online(struct plan_ctx *ctx, const struct node *at, const struct cpulist *l,
		 struct errbuf *e);

#endif
