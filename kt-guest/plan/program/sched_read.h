/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_SCHED_READ_H
#define KT_GUEST_PLAN_PROGRAM_SCHED_READ_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "sched.h"
#include "testfile/node.h"

/*
 * "config" and "sched_args" of the test, for its scheduler; left out when it is `replaced`, by
 * the command line, with one that has no use for them.
 */
int plan_sched_test(const struct node *test, struct plan_sched *s, bool replaced, struct errbuf *e);
/*
 * The object form; dflt is the name when it gives none, that of its file, which
 * is `named` there (NULL: on the command line). An object in place has neither.
 */
int plan_sched_read(const struct node *obj, const char *dflt, const struct node *named,
		    struct plan_sched *s, struct errbuf *e);
struct json_object *plan_sched_record(const char *name);

#endif
