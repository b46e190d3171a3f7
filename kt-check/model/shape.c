// SPDX-License-Identifier: GPL-2.0-only
/* The CPUs, LLCs, cores and nodes that were asked for, and those that the guest found. */
#include <string.h>

#include "array.h"
#include "record.h"
#include "shape.h"

static void keep(struct json_object **to, struct json_object *o)
{
	if (!*to)
		*to = json_object_get(o);
}

void shape_asked(struct shape *s, struct json_object *topology)
{
	keep(&s->asked, rec_get_arr(topology, "cpus"));
	keep(&s->nodes_asked, rec_get_arr(topology, "nodes"));
}

void shape_found(struct shape *s, struct json_object *guest)
{
	keep(&s->found, rec_get_arr(guest, "cpus"));
	keep(&s->nodes_found, rec_get_arr(guest, "nodes"));
}

static void look_at_kargs(struct shape *s, struct json_object *kargs)
{
	static const char *const names[] = { "maxcpus=", "nr_cpus=", "nosmt", "possible_cpus=",
					     "numa=",    "nosmp",    "noapic" };
	size_t i, k, n = kargs ? json_object_array_length(kargs) : 0;
	const char *arg;

	for (i = 0; i < n; i++) {
		arg = json_object_get_string(json_object_array_get_idx(kargs, i));
		for (k = 0; arg && k < ARRAY_SIZE(names); k++)
			if (strncmp(arg, names[k], strlen(names[k])) == 0)
				s->kargs = names[k];
	}
}

void shape_plan(struct shape *s, struct json_object *test)
{
	look_at_kargs(s, rec_get_arr(test, "kargs"));
	look_at_kargs(s, rec_get_arr(rec_get_obj(test, "scheduler"), "kargs"));
}

void shape_free(struct shape *s)
{
	json_object_put(s->asked);
	json_object_put(s->found);
	json_object_put(s->nodes_asked);
	json_object_put(s->nodes_found);
}
