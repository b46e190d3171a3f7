// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/work/*.c kt-guest/work/bench/*.c kt-guest/measure/flatten.c
// LINK: kt-guest/measure/tick.c kt-guest/measure/hist.c kt-guest/measure/telemetry.c
// LINK: kt-guest/measure/file.c
/* The tables of work types, against the schema that editors complete from. */
#include <json-c/json.h>

#include "kt-guest/work/types.h"
#include "record.h"
#include "units.h"
#include "unit.h"

static struct json_object *schema;

/* Goes down through members, "a/b/c"; NULL: not there. */
static struct json_object *at(struct json_object *o, const char *path)
{
	struct json_object *found = NULL;

	return o && json_pointer_get(o, path, &found) == 0 ? found : NULL;
}

static struct json_object *schema_of(const char *type)
{
	char path[128];

	snprintf(path, sizeof(path), "/definitions/work/oneOf/1/properties/%s", type);
	return at(schema, path);
}

/* The default as the schema has it, in the unit of the record; *ok: there is one. */
static int64_t dflt_of(const struct work_param *p, struct json_object *s, bool *ok)
{
	struct json_object *d = at(s, "/default"), *ref = at(s, "/$ref");
	const char *text = d ? json_object_get_string(d) : "";
	uint64_t v = 0;
	int64_t i;

	*ok = d != NULL;
	if (!d && ref && strstr(json_object_get_string(ref), "/count")) {
		*ok = true;
		return 1024; /* of definitions.count */
	}
	switch (p->kind) {
	case WORK_DURATION:
		*ok = *ok && units_duration(text, &v, NULL) == 0;
		return (int64_t)v;
	case WORK_SIZE:
		*ok = *ok && units_size(text, &v, NULL) == 0;
		return (int64_t)v;
	case WORK_CHOICE:
		for (i = 0; p->choices[i]; i++)
			if (strcmp(p->choices[i], text) == 0)
				return i;
		return -1;
	case WORK_BOOL:
		return json_object_get_boolean(d);
	default:
		return json_object_get_int64(d);
	}
}

static void check_params(const struct work_type *t, struct json_object *props)
{
	const struct work_param *p;
	struct json_object *s;
	size_t n = 0;
	bool ok;

	for (p = t->params; p->key; p++, n++) {
		s = NULL;
		if (!json_object_object_get_ex(props, p->key, &s)) {
			printf("# %s: no %s in the schema\n", t->name, p->key);
			unit_bad++;
			continue;
		}
		if (dflt_of(p, s, &ok) != p->value || !ok) {
			printf("# %s: another default of %s in the schema\n", t->name, p->key);
			unit_bad++;
		}
	}
	CHECK_INT(json_object_object_length(props), n);
}

TEST(schema_has_each_type_with_its_parameters)
{
	const struct work_type *t = NULL;
	struct json_object *s, *props;
	unsigned int family = 0;

	schema = json_object_from_file("share/test.schema.json");
	CHECK(schema != NULL);
	while (schema && (t = work_type_next(t, &family))) {
		s = schema_of(t->name);
		if (!s) {
			printf("# %s is not in the schema\n", t->name);
			unit_bad++;
			continue;
		}
		props = at(s, "/properties");
		if (t->phases || !t->params[0].key)
			continue;
		CHECK(props != NULL);
		if (props)
			check_params(t, props);
	}
	json_object_put(schema);
}

TEST(tables_are_sound)
{
	const struct work_type *t = NULL;
	const struct work_param *p;
	int64_t values[WORK_PARAMS_MAX];
	unsigned int family = 0;

	while ((t = work_type_next(t, &family))) {
		CHECK(work_type_find(t->name) == t);
		for (p = t->params; p->key; p++) {
			values[p - t->params] = p->value;
			if (p->kind == WORK_COUNT || p->kind == WORK_DURATION ||
			    p->kind == WORK_SIZE)
				CHECK(p->min <= p->value && p->value <= p->max);
		}
		CHECK(!t->conflict || !t->conflict(values));
		CHECK(work_type_group(t, values) >= 1);
		CHECK(t->summary != NULL);
	}
}

UNIT_MAIN(T(schema_has_each_type_with_its_parameters), T(tables_are_sound))
