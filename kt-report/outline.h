/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_OUTLINE_H
#define KT_REPORT_OUTLINE_H

#include "show.h"
#include "story.h"

/* A plan for people: what a test would do. */
void outline_plan(const struct show *out, struct json_object *test);
/* The items of a list, one line each. */
void outline_items(const struct show *out, const struct list *items);

#endif
