/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PROGRAM_SCHED_PROGRAM_H
#define KT_GUEST_PLAN_PROGRAM_SCHED_PROGRAM_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "sched.h"
#include "testfile/node.h"

/*
 * The program of that name, or the one that the environment puts in its
 * place.
 */
int plan_sched_binary(const struct node *at, struct plan_sched *s, const char *name,
		      struct errbuf *e);
/* What this host lacks, with its place, or, for a name of the command line, without. */
int plan_sched_lacks(const struct node *at, struct errbuf *e, const char *text);

#endif
