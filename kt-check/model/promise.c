// SPDX-License-Identifier: GPL-2.0-only
/* Reads from the plan what its schedulers promise. */
#include "model.h"
#include "promise.h"
#include "record.h"

/* Members of `promises`, and what a sched_ext scheduler is taken to promise without. */
static const struct {
	const char *member;
	bool usual;
} promises[PROMISE_COUNT] = {
	[PROMISE_NICE] = { "nice", true },
	[PROMISE_CGROUP_WEIGHT] = { "cgroup_weight", false },
	[PROMISE_CGROUP_MAX] = { "cgroup_max", false },
	[PROMISE_WORK_CONSERVING] = { "work_conserving", true },
	[PROMISE_AFFINITY] = { "affinity", true },
	[PROMISE_YIELD] = { "yield", true },
};

static void take_one(struct promises *p, struct json_object *scheduler)
{
	struct json_object *said = rec_get_obj(scheduler, "promises");
	int i;

	for (i = 0; i < PROMISE_COUNT; i++)
		if (!rec_get_bool(said, promises[i].member, promises[i].usual))
			p->not [i] = true;
}

void promise_plan(struct promises *p, struct json_object *test)
{
	struct json_object *one = rec_get_obj(test, "scheduler");
	struct json_object *others = rec_get_arr(test, "schedulers");
	size_t i, n = others ? json_object_array_length(others) : 0;

	if (one)
		take_one(p, one);
	for (i = 0; i < n; i++)
		take_one(p, json_object_array_get_idx(others, i));
}

bool promised(const struct model *m, enum promise p)
{
	return !m->promises.not [p];
}
