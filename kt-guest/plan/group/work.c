// SPDX-License-Identifier: GPL-2.0-only
/* "work": the name of a type, or an object of one type and its parameters. */
#include <stdio.h>
#include <string.h>

#include "custom.h"
#include "exit.h"
#include "plan/common/context.h"
#include "record.h"
#include "suggest.h"
#include "units.h"
#include "work.h"
#include "work/types.h"

static struct json_object *new_work(const struct work_type *t)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "type", t->name);
	return o;
}

struct json_object *plan_work_default(unsigned int *group)
{
	*group = work_families[0]->group;
	return new_work(work_families[0]);
}

/* A message at the place of the name, which is a value or a key. */
static int unknown_type(const struct node *n, bool at_key, const char *name, struct errbuf *e)
{
	int (*fail)(const struct node *, struct errbuf *, const char *, ...) =
		at_key ? node_fail_key : node_fail;
	struct suggest s = { .word = name };
	const struct work_type *t = NULL;
	unsigned int family = 0;

	while ((t = work_type_next(t, &family)))
		suggest_try(&s, t->name);
	if (s.best)
		return fail(n, e, "unknown work type \"%.40s\" (did you mean \"%s\"?)", name,
			    s.best);
	return fail(n, e, "unknown work type \"%.40s\" (kt list --work shows them)", name);
}

/* {"spin": "100ms"} */
static int read_phase(const struct node *n, struct json_object *phases, struct errbuf *e)
{
	static const char want[] = "a phase such as {\"spin\": \"100ms\"}";
	struct json_object *phase;
	struct node m;
	uint64_t ns;
	int rc = node_object(n, want, e), i;

	if (!rc)
		rc = node_keys(n, work_phases, "a phase", e);
	if (!rc && node_count(n) != 1)
		rc = node_expected(n, e, "a phase with one of spin, sleep, yield, io or alu");
	if (rc)
		return rc;
	for (i = 0; !node_get(n, work_phases[i], &m); i++)
		;
	rc = node_duration(&m, 1, WORK_DURATION_MAX, &ns, e);
	if (rc)
		return rc;
	phase = json_object_new_object();
	rec_str(phase, "kind", work_phases[i]);
	rec_int(phase, "ns", (int64_t)ns);
	json_object_array_add(phases, phase);
	return KT_OK;
}

static int read_phases(const struct node *n, struct json_object *work, struct errbuf *e)
{
	static const char want[] = "an array of phases such as [{\"spin\": \"100ms\"}, "
				   "{\"sleep\": \"20ms\"}]";
	struct json_object *phases;
	struct node m;
	int rc = node_array(n, want, e);
	size_t i;

	if (!rc && node_count(n) == 0)
		return node_fail(n, e, "\"%s\": needs at least one phase", n->key);
	if (!rc && node_count(n) > WORK_PHASES_MAX)
		return node_fail(n, e, "\"%s\": more than %d phases", n->key, WORK_PHASES_MAX);
	if (rc)
		return rc;
	phases = json_object_new_array();
	rec_add(work, "phases", phases);
	for (i = 0; !rc && i < node_count(n); i++) {
		m = node_item(n, i);
		rc = read_phase(&m, phases, e);
	}
	return rc;
}

static int read_choice(const struct node *n, const struct work_param *p, int64_t *v,
		       struct errbuf *e)
{
	char want[128] = "one of";
	size_t len = strlen(want);
	const char *s;
	int rc;

	for (*v = 0; p->choices[*v]; ++*v)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s \"%s\"", *v ? "," : "",
					p->choices[*v]);
	rc = node_string(n, want, &s, e);
	for (*v = 0; !rc && p->choices[*v]; ++*v)
		if (strcmp(s, p->choices[*v]) == 0)
			return KT_OK;
	return rc ? rc : node_expected(n, e, want);
}

/* "32KiB", or bytes as a number */
static int read_size(const struct node *n, const struct work_param *p, int64_t *v, struct errbuf *e)
{
	struct errbuf why;
	uint64_t bytes;
	const char *s;
	int rc;

	if (!json_object_is_type(n->v, json_type_string))
		return node_whole(n, p->min, p->max, "a size such as \"32KiB\", or bytes", v, e);
	rc = node_string(n, "a size", &s, e);
	if (rc)
		return rc;
	if (units_size(s, &bytes, &why))
		return node_fail(n, e, "\"%s\": %.160s", n->key, why.text);
	if (bytes < (uint64_t)p->min || bytes > (uint64_t)p->max)
		return node_fail(n, e, "\"%s\": expected from %lld to %lld bytes, found \"%.40s\"",
				 n->key, (long long)p->min, (long long)p->max, s);
	*v = (int64_t)bytes;
	return KT_OK;
}

static int read_param(const struct node *n, const struct work_param *p, int64_t *v,
		      struct errbuf *e)
{
	uint64_t ns = 0;
	bool yes = false;
	int rc;

	switch (p->kind) {
	case WORK_BOOL:
		rc = node_bool(n, &yes, e);
		*v = yes;
		return rc;
	case WORK_SIZE:
		return read_size(n, p, v, e);
	case WORK_CHOICE:
		return read_choice(n, p, v, e);
	case WORK_DURATION:
		rc = node_duration(n, p->min, p->max, &ns, e);
		*v = (int64_t)ns;
		return rc;
	default:
		return node_whole(n, p->min, p->max, "a whole number", v, e);
	}
}

static void put_param(struct json_object *work, const struct work_param *p, int64_t v)
{
	if (p->kind == WORK_BOOL)
		rec_bool(work, p->resolved, v);
	else if (p->kind == WORK_CHOICE)
		rec_str(work, p->resolved, p->choices[v]);
	else
		rec_int(work, p->resolved, v);
}

/* Parameters from the object n (NULL: none are given), or their defaults. */
static int read_params(const struct node *n, const struct work_type *t, struct json_object *work,
		       unsigned int *group, struct errbuf *e)
{
	int64_t values[WORK_PARAMS_MAX] = { 0 };
	const char *keys[WORK_PARAMS_MAX + 1] = { NULL };
	const struct work_param *p;
	struct node m;
	char what[64];
	const char *conflict;
	int64_t *v;
	int rc = KT_OK;

	for (p = t->params; p->key; p++)
		keys[p - t->params] = p->key;
	snprintf(what, sizeof(what), "work type %s", t->name);
	if (n && !keys[0] && node_count(n))
		return node_fail(n, e, "work type %s takes no parameters", t->name);
	if (n)
		rc = node_keys(n, keys, what, e);
	for (p = t->params; !rc && p->key; p++) {
		v = &values[p - t->params];
		*v = p->value;
		if (n && node_get(n, p->key, &m))
			rc = read_param(&m, p, v, e);
		if (!rc)
			put_param(work, p, *v);
	}
	conflict = !rc && n && t->conflict ? t->conflict(values) : NULL;
	if (conflict)
		return node_fail(n, e, "%s", conflict);
	*group = rc ? 1 : work_type_group(t, values);
	return rc;
}

static int by_name(const struct node *n, const struct work_type **t, struct errbuf *e)
{
	const char *name;
	int rc = node_string(n, "a work type", &name, e);

	if (rc)
		return rc;
	*t = work_type_find(name);
	if (!*t)
		return unknown_type(n, false, name, e);
	if ((*t)->phases)
		return node_fail(n, e,
				 "work type %s needs phases (expected {\"%s\": [{\"spin\": "
				 "\"100ms\"}, ...]})",
				 name, name);
	if ((*t)->external)
		return node_fail(n, e,
				 "work type %s needs a program (expected {\"%s\": {\"program\": "
				 "\"./x\"}})",
				 name, name);
	return KT_OK;
}

/* The one member of {Type: params}. */
static int by_object(const struct node *n, const struct work_type **t, struct node *params,
		     struct errbuf *e)
{
	const char *name = NULL;

	json_object_object_foreach (n->v, key, value) {
		(void)value;
		if (name)
			return node_fail(n, e,
					 "\"work\": expected one work type, found \"%.40s\" and "
					 "\"%.40s\"",
					 name, key);
		name = key;
	}
	if (!name)
		return node_fail(n, e, "\"work\": expected a work type, found none");
	*t = work_type_find(name);
	node_get(n, name, params);
	return *t ? KT_OK : unknown_type(params, true, name, e);
}

int plan_work(const struct node *n, const struct plan_ctx *ctx, struct json_object **work,
	      unsigned int *group, struct errbuf *e)
{
	bool object = json_object_is_type(n->v, json_type_object);
	const struct work_type *t = NULL;
	struct node params;
	int rc;

	*work = NULL;
	if (!object && !json_object_is_type(n->v, json_type_string))
		return node_expected(n, e, "a work type, or an object of one and its parameters");
	rc = object ? by_object(n, &t, &params, e) : by_name(n, &t, e);
	if (rc)
		return rc;
	*group = 1;
	*work = new_work(t);
	if (t->phases)
		return read_phases(&params, *work, e);
	if (t->external)
		return plan_custom(&params, ctx, *work, e);
	return read_params(object ? &params : NULL, t, *work, group, e);
}
