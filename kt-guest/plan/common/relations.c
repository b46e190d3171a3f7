// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "record.h"
#include "relations.h"
#include "suggest.h"

#define LIST_MAX      64
#define SHARE_MAX     1e6
#define TOLERANCE_KEY "tolerance_pct"
#define TOLERANCE_DFL 10.0
#define RATIO_MAX     1e9

typedef int item_fn(const struct node *n, struct json_object *out, struct errbuf *e);

static struct json_object *list_of(struct json_object **list)
{
	if (!*list)
		*list = json_object_new_array();
	return *list;
}

static int read_item(const struct node *n, struct json_object **list, item_fn *fn, struct errbuf *e)
{
	struct json_object *out = json_object_new_object();

	json_object_array_add(list_of(list), out);
	return fn(n, out, e);
}

/* One object, or an array of them. */
static int read_list(const struct node *n, struct json_object **list, const char *want, item_fn *fn,
		     struct errbuf *e)
{
	struct node item;
	size_t i;
	int rc;

	if (json_object_is_type(n->v, json_type_object))
		return read_item(n, list, fn, e);
	rc = node_array(n, want, e);
	if (!rc && (!node_count(n) || node_count(n) > LIST_MAX))
		rc = node_fail(n, e, "\"%s\": expected 1 to %d of them, found %zu", n->key,
			       LIST_MAX, node_count(n));
	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = node_object(&item, want, e);
		if (!rc)
			rc = read_item(&item, list, fn, e);
	}
	return rc;
}

static int read_positive(const struct node *n, double most, const char *want, double *v,
			 struct errbuf *e)
{
	int rc = node_number(n, 0, most, want, v, e);

	return rc || *v > 0 ? rc : node_expected(n, e, want);
}

static void put_number(struct json_object *o, const char *key, double v)
{
	char text[32];

	snprintf(text, sizeof(text), "%.15g", v);
	rec_add(o, key, json_object_new_double_s(v, text));
}

/* {"heavy": 3, "light": 1, "tolerance_pct": 10} */
static int read_share(const struct node *n, struct json_object *out, struct errbuf *e)
{
	struct json_object *of = json_object_new_object();
	double v, tolerance = TOLERANCE_DFL;
	struct node m;
	int rc = KT_OK;

	rec_add(out, "of", of);
	json_object_object_foreach (n->v, key, value) {
		(void)value;
		node_get(n, key, &m);
		if (strcmp(key, TOLERANCE_KEY) == 0) {
			/* at 100 % a cgroup that gets nothing would do */
			rc = read_positive(&m, 100, "a number above 0 and below 100", &tolerance,
					   e);
			if (!rc && tolerance >= 100)
				rc = node_expected(&m, e, "a number above 0 and below 100");
		} else {
			rc = read_positive(&m, SHARE_MAX, "a cgroup's part, a number above 0", &v,
					   e);
			if (!rc)
				put_number(of, key, v);
		}
		if (rc)
			return rc;
	}
	put_number(out, TOLERANCE_KEY, tolerance);
	if (json_object_object_length(of) < 2)
		return node_fail(n, e,
				 "\"share\": expected at least two cgroups and the part of each, "
				 "such as { \"heavy\": 3, \"light\": 1 }");
	return KT_OK;
}

int relations_shares(const struct node *n, struct json_object **list, struct errbuf *e)
{
	return read_list(n, list,
			 "true, false, null, or cgroups and their parts such as "
			 "{ \"heavy\": 3, \"light\": 1 }",
			 read_share, e);
}

static int read_metric(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const metrics[] = { "iterations", "work_units", "cpu_time", NULL };
	static const char want[] = "\"iterations\", \"work_units\" or \"cpu_time\"";
	const char *s, *near;
	struct node m;
	int rc, i;

	if (!node_get(n, "of", &m))
		return node_fail(n, e, "\"ratio\": needs \"of\": %s", want);
	rc = node_string(&m, want, &s, e);
	for (i = 0; !rc && metrics[i]; i++) {
		if (strcmp(metrics[i], s))
			continue;
		rec_str(out, "metric", s);
		return KT_OK;
	}
	near = rc ? NULL : suggest_nearest(s, metrics);
	if (near)
		return node_fail(&m, e,
				 "\"of\": no figure is called \"%.40s\" (did you mean \"%s\"?)", s,
				 near);
	return rc ? rc : node_expected(&m, e, want);
}

static int read_side(const struct node *n, const char *key, struct json_object *out,
		     struct errbuf *e)
{
	const char *s;
	struct node m;
	int rc;

	if (!node_get(n, key, &m))
		return node_fail(n, e, "\"ratio\": needs \"%s\", the name of a cgroup", key);
	rc = node_string(&m, "the name of a cgroup", &s, e);
	if (!rc)
		rec_str(out, key, s);
	return rc;
}

static int read_bound(const struct node *n, const char *key, double *v, struct json_object *out,
		      struct errbuf *e)
{
	struct node m;
	int rc;

	if (!node_get(n, key, &m))
		return KT_OK;
	rc = node_number(&m, 0, RATIO_MAX, "a number of 0 or more", v, e);
	if (!rc && *v == 0 && strcmp(key, "min") == 0)
		rc = node_fail(&m, e, "\"min\": 0 is no limit: no ratio is below 0");
	if (!rc)
		put_number(out, key, *v);
	return rc;
}

/* {"of": "iterations", "over": "a", "under": "b", "min": 2, "max": 4} */
static int read_ratio(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "of", "over", "under", "min", "max", NULL };
	double min = 0, max = RATIO_MAX;
	struct node m;
	int rc = node_keys(n, keys, "\"ratio\"", e);

	if (!rc)
		rc = read_metric(n, out, e);
	if (!rc)
		rc = read_side(n, "over", out, e);
	if (!rc)
		rc = read_side(n, "under", out, e);
	if (!rc)
		rc = read_bound(n, "min", &min, out, e);
	if (!rc)
		rc = read_bound(n, "max", &max, out, e);
	if (rc)
		return rc;
	if (strcmp(rec_get_str(out, "over", ""), rec_get_str(out, "under", "")) == 0)
		return node_fail(n, e, "\"ratio\": a cgroup to itself is always 1");
	if (!node_get(n, "min", &m) && !node_get(n, "max", &m))
		return node_fail(n, e, "\"ratio\": needs \"min\", \"max\" or both");
	if (min > max)
		return node_fail(&m, e, "\"ratio\": nothing is %.15g or more and %.15g or less",
				 min, max);
	return KT_OK;
}

int relations_ratios(const struct node *n, struct json_object **list, struct errbuf *e)
{
	return read_list(n, list, "a ratio, an object with \"of\", \"over\" and \"under\"",
			 read_ratio, e);
}

static int read_text(const struct node *n, const char *key, const char *want,
		     struct json_object *out, struct errbuf *e)
{
	const char *s;
	struct node m;
	int rc;

	if (!node_get(n, key, &m))
		return node_fail(n, e, "what the kernel may say needs a \"%s\", %s", key, want);
	rc = node_string(&m, want, &s, e);
	if (!rc && (!*s || strlen(s) > 256))
		rc = node_expected(&m, e, want);
	if (!rc)
		rec_str(out, key, s);
	return rc;
}

static int read_allowed(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "text", "reason", NULL };
	int rc = node_keys(n, keys, "what the kernel may say", e);

	if (!rc)
		rc = read_text(n, "text", "a part of the line, of 1 to 256 bytes", out, e);
	return rc ? rc : read_text(n, "reason", "a sentence of 1 to 256 bytes", out, e);
}

int relations_allow(const struct node *n, struct json_object **list, struct errbuf *e)
{
	return read_list(n, list, "objects with \"text\" and \"reason\"", read_allowed, e);
}

int relations_kernel_log(const struct node *n, struct json_object **list, struct errbuf *e)
{
	static const char *const keys[] = { "allow", NULL };
	struct node m;
	int rc = node_object(n, "true, false, null, or an object with \"allow\"", e);

	if (!rc)
		rc = node_keys(n, keys, "\"kernel_log\"", e);
	if (!rc && !node_get(n, "allow", &m))
		rc = node_fail(n, e, "\"kernel_log\": needs \"allow\"");
	return rc ? rc : relations_allow(&m, list, e);
}

/* `at` is where messages point to, at the key itself when it is one. */
static int check_name(const struct node *at, bool is_key, const char *name,
		      struct json_object *known, struct errbuf *e)
{
	struct suggest s = { .word = name };
	struct json_object *has;
	char text[320];

	if (json_object_object_get_ex(known, name, &has)) {
		if (json_object_get_boolean(has))
			return KT_OK;
		snprintf(text, sizeof(text), "cgroup \"%.80s\" never has workers of its own", name);
	} else {
		json_object_object_foreach (known, other, workers) {
			if (json_object_get_boolean(workers))
				suggest_try(&s, other);
		}
		snprintf(text, sizeof(text), "no cgroup of the test is called \"%.80s\"%s%.80s%s",
			 name, s.best ? " (did you mean \"" : "", s.best ? s.best : "",
			 s.best ? "\"?)" : "");
	}
	return is_key ? node_fail_key(at, e, "%s", text) : node_fail(at, e, "%s", text);
}

static int check_share(const struct node *n, struct json_object *known, struct errbuf *e)
{
	struct node m;
	int rc;

	json_object_object_foreach (n->v, key, value) {
		(void)value;
		if (strcmp(key, TOLERANCE_KEY) == 0)
			continue;
		node_get(n, key, &m);
		rc = check_name(&m, true, key, known, e);
		if (rc)
			return rc;
	}
	return KT_OK;
}

static int check_ratio(const struct node *n, struct json_object *known, struct errbuf *e)
{
	struct node m;
	int rc = KT_OK;

	if (node_get(n, "over", &m))
		rc = check_name(&m, false, json_object_get_string(m.v), known, e);
	if (!rc && node_get(n, "under", &m))
		rc = check_name(&m, false, json_object_get_string(m.v), known, e);
	return rc;
}

static int check_list(const struct node *n, struct json_object *known, item_fn *fn,
		      struct errbuf *e)
{
	struct node item;
	size_t i;
	int rc = KT_OK;

	if (json_object_is_type(n->v, json_type_object))
		return fn(n, known, e);
	for (i = 0; !rc && json_object_is_type(n->v, json_type_array) && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = fn(&item, known, e);
	}
	return rc;
}

int relations_check(const struct node *n, struct json_object *known, struct errbuf *e)
{
	struct node m;
	int rc = KT_OK;

	if (node_get(n, "share", &m))
		rc = check_list(&m, known, check_share, e);
	if (!rc && node_get(n, "ratio", &m))
		rc = check_list(&m, known, check_ratio, e);
	return rc;
}
