/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_RUN_H
#define KT_GUEST_RUN_RUN_H

#include "errbuf.h"
#include "record.h"

/*
 * Above every sched_ext and fair task, so that a bad scheduler starves the workers and
 * not the one who has to tell; children start as ordinary tasks.
 */
void outrank_all(void);
/* The scheduler of a plan, then its scenario in the cgroup `parent`: as scenario_run(). */
int run_plan(struct json_object *plan, const char *parent, struct rec_out *out, struct errbuf *e);

#endif
