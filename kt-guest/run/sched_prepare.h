/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_SCHED_PREPARE_H
#define KT_GUEST_RUN_SCHED_PREPARE_H

#include <json-c/json.h>

#include "crew/writer.h"
#include "errbuf.h"

/*
 * Before a scheduler of the test starts: its sysctls, unless the test sets them, and its cgroup
 * parent. 0, or -errno with words in e.
 */
int sched_prepare(struct json_object *plan, struct json_object *test, struct writer *w,
		  struct errbuf *e);

#endif
