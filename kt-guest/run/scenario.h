/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_SCENARIO_H
#define KT_GUEST_RUN_SCENARIO_H

#include "errbuf.h"
#include "record.h"
#include "scheduler.h"

#define SCENARIO_PARENT "kt" /* the cgroup below the root in which all happens */

/*
 * Runs a plan (a `test` record): its sysctls, the backdrop, the steps one after another; writes
 * `step`, `op` and `worker` records. 0; 1 when a scheduler ended or failed and the rest was left
 * out (recorded); 128 + N when signal N ended it; -errno with words in e when something could not
 * be done. In any case all that it made is gone then: processes, cgroups below `parent`, CPUs that
 * were offline.
 */
int scenario_run(struct json_object *plan, const char *parent, struct sched *sched,
		 struct rec_out *out, struct errbuf *e);

#endif
