// SPDX-License-Identifier: GPL-2.0-only
/* Kernel arguments that the test's work types need. */
#include <string.h>

#include "kargs.h"
#include "record.h"
#include "work/types.h"

static bool has(struct json_object *list, const char *arg)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), arg) == 0)
			return true;
	return false;
}

static void add_of(struct json_object *work, struct json_object *list)
{
	const struct work_type *t = work_type_find(rec_get_str(work, "type", ""));
	size_t i;

	for (i = 0; t && t->kargs && t->kargs[i]; i++)
		if (!has(list, t->kargs[i]))
			json_object_array_add(list, json_object_new_string(t->kargs[i]));
}

/* Of each "work" wherever it is: in steps, in what an op spawns, in the backdrop. */
static void look_for_work(struct json_object *o, struct json_object *list)
{
	size_t i;

	if (json_object_is_type(o, json_type_array))
		for (i = 0; i < json_object_array_length(o); i++)
			look_for_work(json_object_array_get_idx(o, i), list);
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach (o, key, value) {
		if (strcmp(key, "work") == 0)
			add_of(value, list);
		else
			look_for_work(value, list);
	}
}

void plan_work_kargs(struct json_object *record, struct json_object *kargs)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	look_for_work(record, list);
	for (i = 0; i < json_object_array_length(kargs); i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(kargs, i)));
	rec_add(record, "kargs", list);
}
