/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_HOST_PLAN_H
#define KT_GUEST_HOST_PLAN_H

#include <json-c/json.h>

#include "cgroup.h"
#include "errbuf.h"

/* May this plan run on this machine? 0, or KT_HOST with the first thing that speaks against it. */
int host_plan_check(struct json_object *plan, const struct host_cgroup *h, struct errbuf *e);
/*
 * Drops the ops that only look at a guest from outside (snapshot, watch): what the workers do is
 * the same without them. How many there were.
 */
int host_plan_leave_out(struct json_object *plan);
/* Programs and files by their places on this machine instead of those in a guest. */
int host_plan_paths(struct json_object *plan, struct errbuf *e);

#endif
