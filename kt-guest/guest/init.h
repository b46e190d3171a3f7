/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest side of kt-guest: what runs when kt-guest is PID 1 (/init) of a test guest. */
#ifndef KT_GUEST_GUEST_INIT_H
#define KT_GUEST_GUEST_INIT_H

#include "errbuf.h"
#include "record.h"

/* Runs the plan in /kt/plan.json and powers the guest off. */
_Noreturn void guest_main(void);

/*
 * Above every sched_ext and fair task, so that a bad scheduler starves the workers and
 * not the one who has to tell; children start as ordinary tasks.
 */
void be_heard(void);
/* The scheduler of a plan, then its scenario in the cgroup `parent`: as scenario_run(). */
int run_plan(struct json_object *plan, const char *parent, struct rec_out *out, struct errbuf *e);

#endif
