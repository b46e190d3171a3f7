/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_OBSERVATION_H
#define KT_GUEST_PLAN_OBSERVATION_H

#include <json-c/json.h>

#include "errbuf.h"
#include "testfile/node.h"

/*
 * "num_snapshots", "watch_fields", "temporal", "flight_recorder": what is to be seen of the
 * scheduler from outside, and how it is to change over time. `steps` are those of the record,
 * resolved. Adds members to the test record; none where the test asks for nothing.
 */
int plan_observe(const struct node *test, struct json_object *steps, struct json_object *record,
		 struct errbuf *e);

#endif
