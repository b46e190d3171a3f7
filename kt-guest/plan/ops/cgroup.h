/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OPS_CGROUP_H
#define KT_GUEST_PLAN_OPS_CGROUP_H

#include "op.h"

/* On cgroups and workers. */
extern const struct plan_op plan_ops_cgroup[];

#endif
