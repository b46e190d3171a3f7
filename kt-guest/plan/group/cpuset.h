/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_CPUSET_H
#define KT_GUEST_PLAN_GROUP_CPUSET_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* The CPUs of a "cpuset"; the second one takes a CPU list, too. */
int plan_cpuset(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		struct errbuf *e);
int plan_cpus(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	      struct errbuf *e);

#endif
