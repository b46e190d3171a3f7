/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_BUGTASK_H
#define KT_REPORT_BUGTASK_H

#include <stdbool.h>

#include <json-c/json.h>

#include "show.h"

/* What is said about the end of a scheduler; "" for what is not known. */
struct words {
	char kind[64], reason[128], msg[1024];
};

/* ", in kt_enqueue (ops.enqueue)"; of a stall: ", the task waits in DSQ 3 ..." */
void bugtask_blame(const struct show *out, struct json_object *snapshot, struct json_object *exit,
		   const struct words *w);
/* ", cpu 2 in spin_lock+0x3": what the busy CPUs of a guest were at that did not end. */
void bugtask_where(const struct show *out, struct json_object *snapshot);
/* The snapshot in short: stacks, queues, variables, events. All but `out` may be NULL. */
void bugtask_dump(const struct show *out, struct json_object *snapshot,
		  struct json_object *backtrace, const char *dump, bool verbose);

#endif
