// SPDX-License-Identifier: GPL-2.0-only
/* Payloads: other programs as load, with what their results mean. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "payload.h"
#include "plan/common/context.h"
#include "plan/common/kernel.h"
#include "program.h"
#include "record.h"
#include "suggest.h"
#include "units.h"

#define PAYLOADS_MAX 256
#define RULES_MAX    1024 /* checks, or hints, of one payload */

static bool name_ok(const char *s)
{
	const char *c;

	for (c = s; isalnum((unsigned char)*c) || (*c && strchr("_.-", *c)); c++)
		;
	return c > s && !*c && c - s <= 64;
}

/* A word of a list that ends with NULL. */
static int read_word(const struct node *n, const char *const *words, const char *want,
		     const char **word, struct errbuf *e)
{
	int i, rc = node_string(n, want, word, e);

	for (i = 0; !rc && words[i]; i++)
		if (strcmp(words[i], *word) == 0)
			return KT_OK;
	return rc ? rc : node_expected(n, e, want);
}

static int read_bound(const struct node *obj, const char *key, struct json_object *out, bool *set,
		      struct errbuf *e)
{
	struct node n;
	double v;

	*set = node_get(obj, key, &n);
	if (!*set)
		return KT_OK;
	if (node_number(&n, -1e300, 1e300, "a number", &v, e))
		return KT_DATA;
	json_object_object_add(out, key, json_object_get(n.v));
	return KT_OK;
}

static int check_metric(const struct node *n, struct json_object *out, struct errbuf *e)
{
	bool min, max, exists, want;
	const char *name;
	struct node m;
	int rc;

	node_get(n, "metric", &m);
	rc = node_string(&m, "a metric such as \"jobs.0.read.iops\"", &name, e);
	if (!rc && !*name)
		rc = node_expected(&m, e, "a metric such as \"jobs.0.read.iops\"");
	if (rc)
		return rc;
	rec_str(out, "metric", name);
	rc = read_bound(n, "min", out, &min, e);
	if (!rc)
		rc = read_bound(n, "max", out, &max, e);
	exists = !rc && node_get(n, "exists", &m);
	if (exists) {
		rc = node_bool(&m, &want, e);
		if (!rc)
			rec_bool(out, "exists", want);
	}
	if (rc)
		return rc;
	if (!min && !max && !exists)
		return node_fail(n, e, "a check of a metric needs \"min\", \"max\" or \"exists\"");
	if (exists && !want && (min || max))
		return node_fail(&m, e, "\"exists\": false goes with neither \"min\" nor \"max\"");
	if (min && max && rec_get_dbl(out, "min", 0) > rec_get_dbl(out, "max", 0))
		return node_fail(n, e, "\"min\" is more than \"max\"");
	return KT_OK;
}

static int read_check(const struct node *n, struct json_object *list, struct errbuf *e)
{
	static const char *const of_metric[] = { "metric", "min", "max", "exists", NULL };
	static const char *const of_exit[] = { "exit_code", NULL };
	static const char want[] =
		"a check such as {\"exit_code\": 0} or {\"metric\": \"a.b\", \"min\": 1}";
	struct json_object *out;
	struct node m;
	int64_t code;
	bool metric;
	int rc = node_object(n, want, e);

	if (rc)
		return rc;
	metric = node_get(n, "metric", &m);
	if (!metric && !node_get(n, "exit_code", &m))
		return node_expected(n, e, want);
	rc = node_keys(n, metric ? of_metric : of_exit, "a check", e);
	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(list, out);
	if (metric)
		return check_metric(n, out, e);
	rc = node_whole(&m, 0, 255, "an exit code", &code, e);
	if (!rc)
		rec_int(out, "exit_code", code);
	return rc;
}

static int read_hint(const struct node *n, struct json_object *list, struct errbuf *e)
{
	static const char *const keys[] = { "name", "polarity", "target", "unit", NULL };
	static const char *const polarities[] = { "higher", "lower", "target", "none", NULL };
	const char *name, *polarity = "none", *unit = "";
	struct json_object *out;
	struct node m;
	double target;
	int rc = node_object(n, "an object with the \"name\" of a metric", e);

	if (!rc)
		rc = node_keys(n, keys, "a metric", e);
	if (!rc && !node_get(n, "name", &m))
		return node_fail(n, e, "a metric without \"name\"");
	if (!rc)
		rc = node_string(&m, "a name", &name, e);
	if (!rc && node_get(n, "polarity", &m))
		rc = read_word(&m, polarities, "\"higher\", \"lower\", \"target\" or \"none\"",
			       &polarity, e);
	if (!rc && node_get(n, "unit", &m))
		rc = node_string(&m, "a unit", &unit, e);
	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(list, out);
	rec_str(out, "name", name);
	rec_str(out, "polarity", polarity);
	rec_str(out, "unit", unit);
	if (node_get(n, "target", &m) != (strcmp(polarity, "target") == 0))
		return node_fail(n, e, "\"target\" and the polarity \"target\" go together");
	if (m.v && node_number(&m, -1e300, 1e300, "a number", &target, e))
		return KT_DATA;
	if (m.v)
		json_object_object_add(out, "target", json_object_get(m.v));
	return KT_OK;
}

/* An array of objects, read one by one. */
static int read_rules(const struct node *obj, const char *key, struct json_object *out,
		      int (*read)(const struct node *, struct json_object *, struct errbuf *),
		      struct errbuf *e)
{
	struct json_object *list = json_object_new_array();
	struct node n, item;
	size_t i;
	int rc = KT_OK;

	rec_add(out, key, list);
	if (!node_get(obj, key, &n))
		return KT_OK;
	rc = node_array(&n, "an array", e);
	if (!rc && node_count(&n) > RULES_MAX)
		return node_fail(&n, e, "\"%s\": more than %d", key, RULES_MAX);
	for (i = 0; !rc && i < node_count(&n); i++) {
		item = node_item(&n, i);
		rc = read(&item, list, e);
	}
	return rc;
}

/* The members of the record in their order; the file may have any. */
static int read_members(const struct node *n, const struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	static const char *const outputs[] = { "exit", "json", NULL };
	struct json_object *args = json_object_new_array();
	const char *output = "exit", *cgroup = NULL;
	uint64_t timeout = 0;
	struct node m;
	int rc;

	node_get(n, "binary", &m);
	rc = plan_program(&m, ctx, out, "guest_binary", e);
	rec_add(out, "args", args);
	if (!rc && node_get(n, "args", &m))
		rc = plan_strings(&m, args, "an array of arguments", NULL, e);
	if (!rc && node_get(n, "output", &m))
		rc = read_word(&m, outputs, "\"exit\" or \"json\"", &output, e);
	rec_str(out, "output", output);
	if (!rc && node_get(n, "timeout", &m))
		rc = node_duration(&m, 1, NODE_DURATION_MAX, &timeout, e);
	if (timeout)
		rec_int(out, "timeout_ns", (int64_t)timeout);
	else
		rec_add(out, "timeout_ns", NULL);
	if (!rc)
		rc = read_rules(n, "checks", out, read_check, e);
	if (!rc)
		rc = read_rules(n, "metrics", out, read_hint, e);
	if (!rc && node_get(n, "cgroup", &m))
		rc = node_string(&m, "the name of a cgroup", &cgroup, e);
	rec_str(out, "cgroup", cgroup);
	if (!rc && node_get(n, "files", &m))
		rc = plan_files(&m, ctx, e);
	return rc;
}

static struct json_object *known(const struct plan_ctx *ctx, const char *name)
{
	struct json_object *o;
	size_t i;

	for (i = 0; i < json_object_array_length(ctx->payloads); i++) {
		o = json_object_array_get_idx(ctx->payloads, i);
		if (strcmp(rec_get_str(o, "name", ""), name) == 0)
			return o;
	}
	return NULL;
}

/* Its name, else that of its program. */
static int read_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		     struct errbuf *e)
{
	struct node m;
	const char *slash;
	bool given = node_get(n, "name", &m);
	int rc = KT_OK;

	if (!given)
		node_get(n, "binary", &m);
	rc = node_string(&m, "a name", name, e);
	slash = rc || given ? NULL : strrchr(*name, '/');
	if (slash)
		*name = slash + 1;
	if (!rc && !name_ok(*name))
		rc = node_expected(&m, e, "a name of letters, digits and _ . -");
	if (!rc && known(ctx, *name))
		rc = node_fail(&m, e,
			       "payload \"%s\" is there twice: give one of them another \"name\"",
			       *name);
	return rc;
}

static int read_payload(const struct node *n, const struct plan_ctx *ctx,
			struct json_object **payload, struct errbuf *e)
{
	static const char *const keys[] = { "name",   "description", "binary",  "args",
					    "output", "checks",      "metrics", "timeout",
					    "cgroup", "files",       NULL };
	struct json_object *out;
	const char *name;
	struct node m;
	int rc = node_object(n, "a payload, an object with a \"binary\"", e);

	if (!rc)
		rc = node_keys(n, keys, "a payload", e);
	if (!rc && !node_get(n, "binary", &m))
		rc = node_fail(n, e, "a payload without \"binary\"");
	if (!rc)
		rc = read_name(n, ctx, &name, e);
	if (!rc && json_object_array_length(ctx->payloads) >= PAYLOADS_MAX)
		rc = node_fail(n, e, "more than %d payloads", PAYLOADS_MAX);
	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(ctx->payloads, out);
	*payload = out;
	rec_str(out, "name", name);
	return read_members(n, ctx, out, e);
}

int plan_payload_ref(const struct node *n, const struct plan_ctx *ctx, struct json_object **payload,
		     struct errbuf *e)
{
	struct suggest s = { 0 };
	const char *name;
	size_t i;
	int rc;

	if (json_object_is_type(n->v, json_type_object))
		return read_payload(n, ctx, payload, e);
	rc = node_string(n, "the name of a payload, or an object with a \"binary\"", &name, e);
	if (rc)
		return rc;
	*payload = known(ctx, name);
	if (*payload)
		return KT_OK;
	s.word = name;
	for (i = 0; i < json_object_array_length(ctx->payloads); i++)
		suggest_try(&s,
			    rec_get_str(json_object_array_get_idx(ctx->payloads, i), "name", ""));
	if (s.best)
		return node_fail(n, e, "unknown payload \"%.40s\" (did you mean \"%s\"?)", name,
				 s.best);
	return node_fail(n, e, "unknown payload \"%.40s\": it is not in \"payloads\"", name);
}

static int read_list(const struct node *n, const struct plan_ctx *ctx, struct errbuf *e)
{
	struct json_object *unused;
	struct node item;
	size_t i;
	int rc = node_array(n, "an array of payloads", e);

	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = read_payload(&item, ctx, &unused, e);
	}
	return rc;
}

/* Names, each once: those that run for the whole test. */
static int read_workloads(const struct node *n, const struct plan_ctx *ctx,
			  struct json_object *list, struct errbuf *e)
{
	struct json_object *p;
	struct node item;
	const char *name;
	size_t i, k;
	int rc = node_array(n, "an array of payloads", e);

	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = plan_payload_ref(&item, ctx, &p, e);
		if (rc)
			return rc;
		name = rec_get_str(p, "name", "");
		for (k = 0; k < json_object_array_length(list); k++)
			if (strcmp(json_object_get_string(json_object_array_get_idx(list, k)),
				   name) == 0)
				return node_fail(&item, e, "payload \"%s\" is there twice", name);
		json_object_array_add(list, json_object_new_string(name));
	}
	return rc;
}

int plan_payloads(const struct node *test, const struct plan_ctx *ctx, const char **primary,
		  struct json_object **workloads, struct errbuf *e)
{
	struct json_object *p;
	struct node n;
	int rc = KT_OK;

	*primary = NULL;
	*workloads = json_object_new_array();
	if (node_get(test, "payloads", &n))
		rc = read_list(&n, ctx, e);
	if (!rc && node_get(test, "payload", &n)) {
		rc = plan_payload_ref(&n, ctx, &p, e);
		if (!rc)
			*primary = rec_get_str(p, "name", NULL);
	}
	if (rc || !node_get(test, "workloads", &n))
		return rc;
	if (*primary) /* so that it is not there twice */
		json_object_array_add(*workloads, json_object_new_string(*primary));
	rc = read_workloads(&n, ctx, *workloads, e);
	if (*primary)
		json_object_array_del_idx(*workloads, 0, 1);
	return rc;
}
