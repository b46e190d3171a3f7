/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_FLATTEN_H
#define KT_GUEST_MEASURE_FLATTEN_H

#include <stddef.h>

#include <json-c/json.h>

/*
 * The numbers of a JSON document, as one flat object of paths: {"jobs":[{"iops":5}]} is
 * {"jobs.0.iops":5}; true and false are 1 and 0, other leaves are left out. What lies deeper
 * than FLATTEN_DEPTH, what has a path longer than FLATTEN_PATH and what comes after FLATTEN_COUNT
 * others is left out, and the object then has the member FLATTEN_CUT.
 */
#define FLATTEN_DEPTH 64
#define FLATTEN_PATH  256
#define FLATTEN_COUNT 8192
#define FLATTEN_CUT   "kt.truncated"

#define FLATTEN_PARSE_DEPTH 512 /* of a document that is read at all */

struct json_object *flatten(struct json_object *doc);

/*
 * The document in what a program printed: the whole text; else the first object or array that
 * has its lines to itself; else the first one at all. NULL when there is none.
 */
struct json_object *flatten_find(const char *text, size_t len);

#endif
