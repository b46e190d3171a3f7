// SPDX-License-Identifier: GPL-2.0-only
/* On which topologies a scheduler or a test makes sense. */
#include <string.h>

#include "constraints.h"
#include "exit.h"
#include "record.h"

#define LLCS_MAX 1024

struct range {
	const char *min, *max;
	int64_t least, most; /* defaults */
	int64_t limit;
};

static const struct range ranges[] = {
	{ "min_numa_nodes", "max_numa_nodes", 1, 1, TOPO_MAX_NODES },
	{ "min_llcs", "max_llcs", 1, 12, LLCS_MAX },
	{ "min_cpus", "max_cpus", 1, 192, TOPO_MAX_CPUS },
	{ NULL, NULL, 0, 0, 0 },
};

#define SMT "requires_smt"

static int read_number(const struct node *obj, const char *key, int64_t limit,
		       struct json_object *out, struct errbuf *e)
{
	struct node n;
	int64_t v;
	int rc;

	if (!node_get(obj, key, &n))
		return KT_OK;
	rc = node_whole(&n, 1, limit, "a whole number", &v, e);
	if (rc)
		return rc;
	json_object_object_add(out, key, json_object_new_int64(v));
	return KT_OK;
}

/* The least must be no more than the most, given or not. */
static int check_range(const struct node *obj, const struct range *r, struct json_object *out,
		       struct errbuf *e)
{
	int64_t min = rec_get_int(out, r->min, r->least), max = rec_get_int(out, r->max, 0);
	struct node n;

	if (max && max < min && node_get(obj, r->max, &n))
		return node_fail(&n, e, "\"%s\" is %lld, less than \"%s\", %lld", r->max,
				 (long long)max, r->min, (long long)min);
	return KT_OK;
}

int plan_constraints(const struct node *n, struct json_object **out, struct errbuf *e)
{
	static const char *const keys[] = {
		"min_numa_nodes", "max_numa_nodes", "min_llcs", "max_llcs",
		"min_cpus",       "max_cpus",       SMT,        NULL
	};
	const struct range *r;
	struct node m;
	bool smt;
	int rc = node_object(n, "an object such as {\"min_llcs\": 2}", e);

	if (!rc)
		rc = node_keys(n, keys, "the constraints", e);
	if (rc)
		return rc;
	if (!*out)
		*out = json_object_new_object();
	for (r = ranges; !rc && r->min; r++) {
		rc = read_number(n, r->min, r->limit, *out, e);
		if (!rc)
			rc = read_number(n, r->max, r->limit, *out, e);
		if (!rc)
			rc = check_range(n, r, *out, e);
	}
	if (!rc && node_get(n, SMT, &m)) {
		rc = node_bool(&m, &smt, e);
		if (!rc)
			json_object_object_add(*out, SMT, json_object_new_boolean(smt));
	}
	return rc;
}

static int64_t pick(struct json_object *sched, struct json_object *test, const char *key,
		    int64_t dflt)
{
	return rec_get_int(test, key, rec_get_int(sched, key, dflt));
}

struct json_object *plan_constraints_merge(struct json_object *sched, struct json_object *test)
{
	struct json_object *o;
	const struct range *r;
	int64_t min, max;

	if (!sched && !test)
		return NULL;
	o = json_object_new_object();
	for (r = ranges; r->min; r++) {
		min = pick(sched, test, r->min, r->least);
		max = pick(sched, test, r->max, r->most);
		rec_int(o, r->min, min);
		rec_int(o, r->max, max < min ? min : max); /* a default does not forbid all */
	}
	rec_bool(o, SMT, rec_get_bool(test, SMT, rec_get_bool(sched, SMT, false)));
	return o;
}
