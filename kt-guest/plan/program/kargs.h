/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_KARGS_H
#define KT_GUEST_PLAN_PROGRAM_KARGS_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* Gives the test record `kargs`, behind those that its work types need. */
void plan_work_kargs(struct json_object *record, struct json_object *kargs);

#endif
