/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_DUMP_H
#define KT_REPORT_DUMP_H

#include <stdbool.h>

#include <json-c/json.h>

#include "term.h"

/* The snapshot in short: stacks, queues, variables, events. All but `out` may be NULL. */
void dump_write(const struct term *out, struct json_object *snapshot, struct json_object *backtrace,
		const char *dump, bool verbose);

#endif
