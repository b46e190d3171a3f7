/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OPS_SYSTEM_H
#define KT_GUEST_PLAN_OPS_SYSTEM_H

#include "op.h"

/* On everything else. */
extern const struct plan_op plan_ops_system[];

#endif
