/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_CULPRIT_H
#define KT_REPORT_CULPRIT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "term.h"

/* What is said about the end of a scheduler; "" for what is not known. */
struct words {
	char kind[64], reason[128], msg[1024];
};

/* ", in kt_enqueue (ops.enqueue)"; of a stall: ", the task waits in DSQ 3 ..." */
void culprit_write(const struct term *out, struct json_object *snapshot, struct json_object *exit,
		   const struct words *w);
/* ", cpu 2 in spin_lock+0x3": what the busy CPUs of a guest were at that did not end. */
void culprit_of_guest(const struct term *out, struct json_object *snapshot);

#endif
