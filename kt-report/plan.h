/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_PLAN_H
#define KT_REPORT_PLAN_H

#include "facts.h"
#include "term.h"

/* A plan for people: what a test would do. */
void plan_write(const struct term *out, struct json_object *test);
/* The items of a list, one line each. */
void plan_items(const struct term *out, const struct list *items);

#endif
