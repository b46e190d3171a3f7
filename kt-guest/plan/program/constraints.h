/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_CONSTRAINTS_H
#define KT_GUEST_PLAN_PROGRAM_CONSTRAINTS_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* "constraints" of a scheduler or test, added to *out (NULL at first). */
int plan_constraints(const struct node *n, struct json_object **out, struct errbuf *e);
/* All of them: those of the test, else of its scheduler, else the defaults. NULL: none is given. */
struct json_object *plan_constraints_merge(struct json_object *sched, struct json_object *test);

#endif
