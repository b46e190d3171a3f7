// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "exit.h"
#include "observation.h"
#include "record.h"
#include "units.h"

#define SNAPSHOTS_MAX 1000
#define SNAPSHOTS_GAP (100 * NSEC_PER_MSEC) /* at least, between two of them */
#define FIELDS_MAX    64
#define RULES_MAX     64
#define NAME_MAX_LEN  128
#define NUMBER_MAX    1e18

/* What is being read. */
struct observe {
	struct json_object *fields; /* names */
	int64_t snapshots;
	size_t steps;
};

static bool has(struct json_object *list, const char *name)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), name) == 0)
			return true;
	return false;
}

/* A name as it is read while the guest runs; in a snapshot, paths of the record are fine, too. */
static int read_field(const struct node *n, bool snapshot, const char **name, struct errbuf *e)
{
	static const char want[] = "a name such as \"nr_dispatched\", \".bss:nr_dispatched\" or "
				   "\"stats[0].count\"";
	const char *s, *at;
	int rc = node_string(n, want, &s, e);

	if (rc)
		return rc;
	at = strchr(s, ':') ? strchr(s, ':') + 1 : s;
	if (strlen(s) > NAME_MAX_LEN || !(isalpha((unsigned char)*at) || *at == '_') ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:[]")])
		return node_expected(n, e, want);
	if (!snapshot && strncmp(s, "maps.", 5) == 0)
		return node_fail(n, e,
				 "\"%.60s\" is read from snapshots only, and the test has no "
				 "\"num_snapshots\"",
				 s);
	*name = s;
	return KT_OK;
}

static int read_fields(const struct node *n, struct observe *o, struct errbuf *e)
{
	struct node item;
	const char *name;
	size_t i;
	int rc = node_array(n, "an array of names such as \"nr_dispatched\"", e);

	if (!rc && node_count(n) > FIELDS_MAX)
		return node_fail(n, e, "\"watch_fields\": at most %d fields can be watched",
				 FIELDS_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = read_field(&item, false, &name, e);
		if (!rc && has(o->fields, name))
			return node_fail(&item, e, "\"%.60s\" is there twice", name);
		if (!rc)
			json_object_array_add(o->fields, json_object_new_string(name));
	}
	return rc;
}

/* They are spread over the middle 80 % of all holds. */
static int read_snapshots(const struct node *n, struct json_object *steps, struct observe *o,
			  struct errbuf *e)
{
	uint64_t total = 0, most;
	size_t i;
	int rc = node_whole(n, 0, SNAPSHOTS_MAX, "a whole number", &o->snapshots, e);

	for (i = 0; i < json_object_array_length(steps); i++)
		total += (uint64_t)rec_get_int(json_object_array_get_idx(steps, i), "hold_ns", 0);
	most = total / 10 * 8 / SNAPSHOTS_GAP;
	if (rc || o->snapshots + 1 <= (int64_t)most || !o->snapshots)
		return rc;
	if (most < 2)
		return node_fail(n, e,
				 "\"num_snapshots\": the test is too short for snapshots: "
				 "they are taken over the middle 80 %% of it, 100ms or more apart");
	return node_fail(n, e,
			 "\"num_snapshots\": %lld is too many: over the middle 80 %% of the "
			 "test, 100ms or more apart, there is time for %llu",
			 (long long)o->snapshots, (unsigned long long)most - 1);
}

/* [low, high] */
static int read_band(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char want[] = "an array of two numbers, the lower one first";
	double v[2];
	struct node item;
	int i, rc = node_array(n, want, e);

	if (!rc && node_count(n) != 2)
		return node_expected(n, e, want);
	for (i = 0; !rc && i < 2; i++) {
		item = node_item(n, (size_t)i);
		rc = node_number(&item, -NUMBER_MAX, NUMBER_MAX, "a number", &v[i], e);
		if (!rc)
			rec_add(out, i ? "max" : "min", json_object_get(item.v));
	}
	if (!rc && v[0] > v[1])
		return node_expected(n, e, want);
	return rc;
}

static int read_true(const struct node *n, struct json_object *out, struct errbuf *e)
{
	(void)out;
	return json_object_is_type(n->v, json_type_boolean) && json_object_get_boolean(n->v)
		       ? KT_OK
		       : node_expected(n, e, "true");
}

/* A number of the object, as it is given, into the record; `must` it be there? */
static int copy_number(const struct node *obj, const char *key, double min, bool must,
		       struct json_object *out, struct errbuf *e)
{
	char want[40];
	struct node n;
	double v;
	int rc;

	if (!node_get(obj, key, &n))
		return must ? node_fail(obj, e, "\"%s\" has no \"%s\"", obj->key, key) : KT_OK;
	snprintf(want, sizeof(want), min < 0 ? "a number" : "a number of %g or more", min);
	rc = node_number(&n, min, NUMBER_MAX, want, &v, e);
	if (!rc)
		rec_add(out, key, json_object_get(n.v));
	return rc;
}

static int copy_duration(const struct node *obj, const char *key, struct json_object *out,
			 struct errbuf *e)
{
	uint64_t ns = 0;
	struct node n;
	int rc = KT_OK;

	if (node_get(obj, key, &n))
		rc = node_duration(&n, 0, NODE_DURATION_MAX, &ns, e);
	else if (strcmp(key, "deadline") == 0)
		return node_fail(obj, e, "\"%s\" has no \"deadline\"", obj->key);
	if (!rc)
		rec_int(out, "time_ns", (int64_t)ns);
	return rc;
}

static int read_steady(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "warmup", "tolerance", NULL };
	int rc = node_keys(n, keys, "\"steady_within\"", e);

	if (!rc)
		rc = copy_duration(n, "warmup", out, e);
	return rc ? rc : copy_number(n, "tolerance", 0, true, out, e);
}

static int read_convergence(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "target", "tolerance", "deadline", NULL };
	int rc = node_keys(n, keys, "\"converges_to\"", e);

	if (!rc)
		rc = copy_number(n, "target", -NUMBER_MAX, true, out, e);
	if (!rc)
		rc = copy_number(n, "tolerance", 0, true, out, e);
	return rc ? rc : copy_duration(n, "deadline", out, e);
}

/* "at_least", "at_most" or both, or "between". */
static int read_bounds(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "at_least", "at_most" };
	struct node m, between;
	int i, given = 0, rc = KT_OK;
	double v[2];

	for (i = 0; i < 2 && !rc; i++) {
		if (!node_get(n, keys[i], &m))
			continue;
		rc = node_number(&m, -NUMBER_MAX, NUMBER_MAX, "a number", &v[i], e);
		rec_add(out, i ? "max" : "min", json_object_get(m.v));
		given += 1 + i;
	}
	if (rc || node_get(n, "between", &between) == (given > 0))
		return rc ? rc
			  : node_fail(n, e,
				      "\"%s\": expected \"at_least\", \"at_most\" or both, "
				      "or \"between\"",
				      n->key);
	if (given == 3 && v[0] > v[1])
		return node_fail(&m, e, "\"at_most\" is less than \"at_least\"");
	return given ? KT_OK : read_band(&between, out, e);
}

static int read_each(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "at_least", "at_most", "between", NULL };
	int rc = node_keys(n, keys, "\"each\"", e);

	return rc ? rc : read_bounds(n, out, e);
}

static int read_ratio(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "of", "at_least", "at_most", "between", NULL };
	const char *name;
	struct node of;
	int rc = node_keys(n, keys, "\"ratio_within\"", e);

	if (!rc && !node_get(n, "of", &of))
		return node_fail(n, e, "\"ratio_within\" has no \"of\"");
	if (!rc)
		rc = read_field(&of, true, &name, e);
	if (!rc)
		rec_str(out, "of", name);
	return rc ? rc : read_bounds(n, out, e);
}

static int read_word(const struct node *obj, const char *key, const char *const *words,
		     const char *want, struct json_object *out, struct errbuf *e)
{
	const char *s;
	struct node n;
	int rc;

	if (!node_get(obj, key, &n))
		return KT_OK;
	rc = node_string(&n, want, &s, e);
	for (; !rc && *words && strcmp(*words, s) != 0;)
		words++;
	if (!rc && !*words)
		return node_expected(&n, e, want);
	if (!rc)
		rec_str(out, key, s);
	return rc;
}

static int read_across(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "from",    "to",      "value", "at_least",
					    "at_most", "between", NULL };
	static const char *const values[] = { "delta", "first", "last", "mean", NULL };
	int64_t step;
	struct node m;
	int i, rc = node_keys(n, keys, "\"ratio_across_steps\"", e);

	for (i = 0; i < 2 && !rc; i++) {
		if (!node_get(n, keys[i], &m))
			return node_fail(n, e, "\"ratio_across_steps\" has no \"%s\"", keys[i]);
		rc = node_whole(&m, 0, (int64_t)rec_get_int(out, "steps", 1) - 1,
				"the number of a step", &step, e);
		rec_int(out, i ? "to_step" : "from_step", step);
	}
	if (!rc)
		rc = read_word(n, "value", values, "\"delta\", \"first\", \"last\" or \"mean\"",
			       out, e);
	return rc ? rc : read_bounds(n, out, e);
}

static const struct pattern {
	const char *key;
	int (*read)(const struct node *n, struct json_object *out, struct errbuf *e);
} patterns[] = {
	{ "nondecreasing", read_true },        { "strictly_increasing", read_true },
	{ "rate_within", read_band },          { "steady_within", read_steady },
	{ "converges_to", read_convergence },  { "always_true", read_true },
	{ "ratio_within", read_ratio },        { "each", read_each },
	{ "ratio_across_steps", read_across },
};

#define PATTERNS (ARRAY_SIZE(patterns))

/* The one pattern of a temporal check, its parameters into the record. */
static int read_pattern(const struct node *n, struct json_object *out, struct errbuf *e)
{
	const struct pattern *p = NULL;
	struct node m, at = { 0 };
	size_t i;

	for (i = 0; i < PATTERNS; i++) {
		if (!node_get(n, patterns[i].key, &m))
			continue;
		if (p)
			return node_fail_key(&m, e,
					     "\"%s\" beside \"%s\": a temporal check has "
					     "one pattern",
					     m.key, p->key);
		p = &patterns[i];
		at = m;
	}
	if (!p)
		return node_fail(n, e,
				 "a temporal check has a pattern, such as \"nondecreasing\": "
				 "true");
	rec_str(out, "pattern", p->key);
	return p->read(&at, out, e);
}

/*
 * Where the values come from: a field that is watched, from samples; any other from snapshots, if
 * the test takes some, else it is watched from now on.
 */
static int find_source(const struct node *n, struct observe *o, struct json_object *out,
		       struct errbuf *e)
{
	const char *names[] = { rec_get_str(out, "field", ""), rec_get_str(out, "of", NULL) };
	bool snapshots = o->snapshots;
	int i;

	for (i = 0; i < 2 && names[i]; i++)
		snapshots &= !has(o->fields, names[i]);
	for (i = 0; i < 2 && names[i] && !snapshots; i++) {
		if (has(o->fields, names[i]))
			continue;
		if (strncmp(names[i], "maps.", 5) == 0)
			return node_fail(n, e,
					 "\"%.60s\" is read from snapshots only, and \"%.60s\""
					 " is watched",
					 names[i], names[!i]);
		if (json_object_array_length(o->fields) == FIELDS_MAX)
			return node_fail(n, e, "at most %d fields can be watched", FIELDS_MAX);
		json_object_array_add(o->fields, json_object_new_string(names[i]));
	}
	rec_str(out, "source", snapshots ? "snapshots" : "samples");
	return KT_OK;
}

static int read_rule(const struct node *n, struct observe *o, struct json_object *list,
		     struct errbuf *e)
{
	static const char *const keys[] = {
		"field",        "cpus",          "nondecreasing",      "strictly_increasing",
		"rate_within",  "steady_within", "converges_to",       "always_true",
		"ratio_within", "each",          "ratio_across_steps", NULL
	};
	static const char *const cpus[] = { "sum", "max", "min", "mean", NULL };
	struct json_object *out = json_object_new_object();
	const char *name;
	struct node field;
	int rc = node_keys(n, keys, "a temporal check", e);

	json_object_array_add(list, out);
	if (!rc && !node_get(n, "field", &field))
		rc = node_fail(n, e, "a temporal check has a \"field\"");
	if (!rc)
		rc = read_field(&field, o->snapshots, &name, e);
	if (!rc)
		rec_str(out, "field", name);
	if (!rc)
		rc = read_word(n, "cpus", cpus, "\"sum\", \"max\", \"min\" or \"mean\"", out, e);
	rec_int(out, "steps", (int64_t)o->steps); /* for read_across() */
	if (!rc)
		rc = read_pattern(n, out, e);
	json_object_object_del(out, "steps");
	return rc ? rc : find_source(n, o, out, e);
}

static int read_rules(const struct node *n, struct observe *o, struct json_object *list,
		      struct errbuf *e)
{
	struct node item;
	size_t i;
	int rc = node_array(n, "an array of temporal checks", e);

	if (!rc && node_count(n) > RULES_MAX)
		return node_fail(n, e, "\"temporal\": at most %d checks", RULES_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = read_rule(&item, o, list, e);
	}
	return rc;
}

int plan_observe(const struct node *test, struct json_object *steps, struct json_object *record,
		 struct errbuf *e)
{
	struct observe o = { .fields = json_object_new_array(),
			     .steps = json_object_array_length(steps) };
	struct json_object *rules = json_object_new_array();
	bool recorder = true;
	struct node n;
	int rc = KT_OK;

	if (node_get(test, "flight_recorder", &n))
		rc = node_bool(&n, &recorder, e);
	if (!rc && node_get(test, "num_snapshots", &n))
		rc = read_snapshots(&n, steps, &o, e);
	if (!rc && node_get(test, "watch_fields", &n))
		rc = read_fields(&n, &o, e);
	if (!rc && node_get(test, "temporal", &n))
		rc = read_rules(&n, &o, rules, e);
	if (!recorder)
		rec_bool(record, "flight_recorder", false);
	if (o.snapshots)
		rec_int(record, "num_snapshots", o.snapshots);
	if (json_object_array_length(o.fields))
		rec_add(record, "watch_fields", json_object_get(o.fields));
	if (json_object_array_length(rules))
		rec_add(record, "temporal", json_object_get(rules));
	json_object_put(o.fields);
	json_object_put(rules);
	return rc;
}
