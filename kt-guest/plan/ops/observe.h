/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OPS_OBSERVE_H
#define KT_GUEST_PLAN_OPS_OBSERVE_H

#include "op.h"

/* Done by kt-vm. */
extern const struct plan_op plan_ops_observe[];

#endif
