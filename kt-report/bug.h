/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_BUG_H
#define KT_REPORT_BUG_H

#include <stdbool.h>

#include <json-c/json.h>

#include "facts.h"
#include "term.h"

/* Takes a record of any type: what it tells about how a scheduler or the guest ended. */
void bug_take(struct bug *b, struct json_object *o);
void bug_free(struct bug *b);

/* Did something end that should not have? */
bool bug_there(const struct facts *s);
/* "BUG SUMMARY ...", a line for each end. */
void bug_summary(const struct term *out, const struct facts *s);
/* "--- dump ---": what the snapshot of each holds, in short. */
void bug_dump(const struct term *out, const struct facts *s, bool verbose);

#endif
