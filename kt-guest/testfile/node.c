// SPDX-License-Identifier: GPL-2.0-only
/* Walks down a test file and names file, line and column in messages. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "jsonpos.h"
#include "node.h"
#include "suggest.h"
#include "units.h"

struct node node_root(const struct jsonfile *f)
{
	return (struct node){ .file = f, .v = f->root };
}

bool node_get(const struct node *up, const char *key, struct node *n)
{
	*n = (struct node){ .file = up->file, .up = up, .key = key };
	return json_object_is_type(up->v, json_type_object) &&
	       json_object_object_get_ex(up->v, key, &n->v);
}

struct node node_item(const struct node *up, size_t index)
{
	return (struct node){ .file = up->file,
			      .up = up,
			      .index = index,
			      .v = json_object_array_get_idx(up->v, index) };
}

size_t node_count(const struct node *n)
{
	if (json_object_is_type(n->v, json_type_array))
		return json_object_array_length(n->v);
	return json_object_is_type(n->v, json_type_object) ? json_object_object_length(n->v) : 0;
}

static size_t node_offset(const struct node *n, bool at_key)
{
	struct jsonpos_step path[JSONPOS_DEPTH];
	const struct node *up;
	size_t i = JSONPOS_DEPTH, offset = 0;

	for (up = n; up->up && i > 0; up = up->up)
		path[--i] = (struct jsonpos_step){ up->key, up->index };
	jsonpos_find(n->file->text, n->file->len, path + i, JSONPOS_DEPTH - i, at_key, &offset);
	return offset;
}

__attribute__((format(printf, 4, 0))) static int fail(const struct node *n, bool at_key,
						      struct errbuf *e, const char *fmt, va_list ap)
{
	char text[sizeof(e->text)];

	vsnprintf(text, sizeof(text), fmt, ap);
	jsonfile_at(n->file, node_offset(n, at_key), e, text);
	return KT_DATA;
}

int node_fail(const struct node *n, struct errbuf *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(n, false, e, fmt, ap);
	va_end(ap);
	return KT_DATA;
}

int node_fail_key(const struct node *n, struct errbuf *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(n, true, e, fmt, ap);
	va_end(ap);
	return KT_DATA;
}

/* '"key"', '"key"[2]', or "the file" */
static const char *node_name(const struct node *n, char *buf, size_t size)
{
	if (n->key)
		snprintf(buf, size, "\"%.40s\"", n->key);
	else if (n->up && n->up->key)
		snprintf(buf, size, "\"%.40s\"[%zu]", n->up->key, n->index);
	else
		snprintf(buf, size, "the file");
	return buf;
}

static const char *node_found(const struct node *n, char *buf, size_t size)
{
	switch (json_object_get_type(n->v)) {
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		snprintf(buf, size, "\"%.40s\"", json_object_get_string(n->v));
		return buf;
	default:
		snprintf(buf, size, "%.40s", json_object_to_json_string(n->v));
		return buf;
	}
}

int node_expected(const struct node *n, struct errbuf *e, const char *want)
{
	char name[80], found[80];

	return node_fail(n, e, "%s: expected %s, found %s", node_name(n, name, sizeof(name)), want,
			 node_found(n, found, sizeof(found)));
}

static int unknown_key(const struct node *n, const char *const *keys, const char *what,
		       struct errbuf *e)
{
	const char *near = suggest_nearest(n->key, keys);
	char list[440] = "";
	size_t len = 0, i;

	if (near)
		return node_fail_key(n, e, "unknown key \"%.40s\" in %s (did you mean \"%s\"?)",
				     n->key, what, near);
	for (i = 0; keys[i] && len < sizeof(list); i++)
		if (keys[i][0] != '$') /* $schema is for editors */
			len += snprintf(list + len, sizeof(list) - len, "%s%s", len ? ", " : "",
					keys[i]);
	if (len >= sizeof(list)) /* nobody reads so many */
		return node_fail_key(n, e, "unknown key \"%.40s\" in %s (kt-test(5) has them all)",
				     n->key, what);
	return node_fail_key(n, e, "unknown key \"%.40s\" in %s (expected %s%s)", n->key, what,
			     keys[1] ? "one of " : "", list);
}

int node_object(const struct node *n, const char *want, struct errbuf *e)
{
	return json_object_is_type(n->v, json_type_object) ? KT_OK : node_expected(n, e, want);
}

int node_array(const struct node *n, const char *want, struct errbuf *e)
{
	return json_object_is_type(n->v, json_type_array) ? KT_OK : node_expected(n, e, want);
}

int node_keys(const struct node *n, const char *const *keys, const char *what, struct errbuf *e)
{
	const char *const *k;
	struct node member;
	int rc = node_object(n, "an object", e);

	if (rc)
		return rc;
	json_object_object_foreach (n->v, key, value) {
		(void)value;
		for (k = keys; *k && strcmp(*k, key); k++)
			;
		if (!*k) {
			node_get(n, key, &member);
			return unknown_key(&member, keys, what, e);
		}
	}
	return KT_OK;
}

int node_string(const struct node *n, const char *want, const char **s, struct errbuf *e)
{
	if (!json_object_is_type(n->v, json_type_string))
		return node_expected(n, e, want);
	*s = json_object_get_string(n->v);
	if (strlen(*s) != (size_t)json_object_get_string_len(n->v))
		return node_fail(n, e, "a NUL character in a string");
	return KT_OK;
}

int node_bool(const struct node *n, bool *b, struct errbuf *e)
{
	if (!json_object_is_type(n->v, json_type_boolean))
		return node_expected(n, e, "true or false");
	*b = json_object_get_boolean(n->v);
	return KT_OK;
}

int node_whole(const struct node *n, int64_t min, int64_t max, const char *want, int64_t *v,
	       struct errbuf *e)
{
	char text[96];

	if (json_object_is_type(n->v, json_type_int)) {
		*v = json_object_get_int64(n->v);
		if (*v >= min && *v <= max)
			return KT_OK;
	}
	snprintf(text, sizeof(text), "%s from %" PRId64 " to %" PRId64, want, min, max);
	return node_expected(n, e, text);
}

int node_number(const struct node *n, double min, double max, const char *want, double *v,
		struct errbuf *e)
{
	if (json_object_is_type(n->v, json_type_int) ||
	    json_object_is_type(n->v, json_type_double)) {
		*v = json_object_get_double(n->v);
		if (isfinite(*v) && *v >= min && *v <= max)
			return KT_OK;
	}
	return node_expected(n, e, want);
}

/* As people say it: "24h", not "86400s". */
static const char *limit_text(char *buf, uint64_t ns)
{
	const uint64_t hour = 3600 * NSEC_PER_SEC;

	if (ns % hour)
		return units_format_ns(buf, ns);
	snprintf(buf, 24, "%lluh", (unsigned long long)(ns / hour));
	return buf;
}

int node_duration(const struct node *n, uint64_t min, uint64_t max, uint64_t *ns, struct errbuf *e)
{
	char want[80], low[24], high[24];
	const char *s;
	struct errbuf why;
	int rc = node_string(n, "a duration such as \"1.5s\"", &s, e);

	if (rc)
		return rc;
	if (units_duration(s, ns, &why))
		return node_fail(n, e, "\"%s\": %.160s", n->key, why.text);
	if (*ns >= min && *ns <= max)
		return KT_OK;
	if (min > 1)
		snprintf(want, sizeof(want), "a duration from %s to %s", limit_text(low, min),
			 limit_text(high, max));
	else
		snprintf(want, sizeof(want), "a duration %sof at most %s",
			 min ? "above 0s and " : "", limit_text(high, max));
	return node_expected(n, e, want);
}
