/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_TIMELINE_H
#define KT_REPORT_TIMELINE_H

#include <json-c/json.h>

#include "term.h"

/*
 * What samples showed, step by step, and what became of each cgroup in it. Records come
 * down to sums as they come.
 */
struct timeline;

struct timeline *timeline_new(void); /* or NULL */
void timeline_free(struct timeline *t);
/* Takes a record of any type. */
void timeline_take(struct timeline *t, struct json_object *o);

/* "--- monitor ---": the samples of the workload in a few lines; nothing if there are none. */
void timeline_monitor(const struct timeline *t, const struct term *out);
/* "--- timeline ---": each step, its cgroups, and what changed with it. */
void timeline_show(const struct timeline *t, const struct term *out);

#endif
