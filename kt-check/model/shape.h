/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_SHAPE_H
#define KT_CHECK_MODEL_SHAPE_H

#include <json-c/json.h>

struct model;

/* The CPUs, LLCs and nodes that were asked for, and those that the guest found. */
struct shape {
	struct json_object *asked, *found; /* `cpus` of the two records, or NULL */
	struct json_object *nodes_asked, *nodes_found;
	const char *kargs; /* a parameter of the kernel that changes them, or NULL */
};

void shape_asked(struct shape *s, struct json_object *topology);
void shape_found(struct shape *s, struct json_object *guest);
void shape_plan(struct shape *s, struct json_object *test);
void shape_free(struct shape *s);

#endif
