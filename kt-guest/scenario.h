/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_SCENARIO_H
#define KT_GUEST_SCENARIO_H

#include "errbuf.h"
#include "record.h"
#include "scheduler.h"

/*
 * Runs the steps of a plan (a `test` record) one after another and writes `step` and
 * `worker` records. 0; 1 when the scheduler ended and the rest was left out (recorded);
 * -errno with words in e when a step could not be set up.
 */
int scenario_run(struct json_object *plan, struct sched *sched, struct rec_out *out,
		 struct errbuf *e);

#endif
