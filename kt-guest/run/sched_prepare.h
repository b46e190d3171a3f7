/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_SCHED_PREPARE_H
#define KT_GUEST_RUN_SCHED_PREPARE_H

#include <json-c/json.h>

#include "scheduler.h"

/*
 * Before a scheduler of the test starts: its sysctls, unless the test sets them, and its cgroup
 * parent. 0, or -errno with words in e.
 */
int sched_prepare(struct sched *s, struct json_object *plan, struct errbuf *e);

#endif
