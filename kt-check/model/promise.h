/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_PROMISE_H
#define KT_CHECK_MODEL_PROMISE_H

#include <stdbool.h>

#include <json-c/json.h>

/* What a scheduler says it does: it is held to that, and to nothing else. */
enum promise {
	PROMISE_NICE,
	PROMISE_CGROUP_WEIGHT,
	PROMISE_CGROUP_MAX,
	PROMISE_WORK_CONSERVING,
	PROMISE_AFFINITY,
	PROMISE_YIELD,
	PROMISE_COUNT
};

struct promises {
	bool not [PROMISE_COUNT]; /* all zero: everything is promised, as by the kernel's own */
};

struct model;

/* From a plan: of several schedulers only what all of them promise. */
void promise_plan(struct promises *p, struct json_object *test);
bool promised(const struct model *m, enum promise p);

#endif
