// SPDX-License-Identifier: GPL-2.0-only
/* Finds the JSON in a program's output and makes one flat object of its numbers. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "flatten.h"
#include "utf8.h"

#define EFFORT (20U << 20) /* bytes parsed before it gives up */

struct walk {
	struct json_object *out;
	unsigned int count;
	char path[FLATTEN_PATH + 1];
};

static void cut(struct walk *w)
{
	json_object_object_add(w->out, FLATTEN_CUT, json_object_new_int(1));
}

static void leaf(struct walk *w, struct json_object *v)
{
	enum json_type type = json_object_get_type(v);

	if (type == json_type_boolean)
		v = json_object_new_int(json_object_get_boolean(v));
	else if (type == json_type_int ||
		 (type == json_type_double && isfinite(json_object_get_double(v))))
		v = json_object_get(v);
	else
		return;
	if (w->count++ < FLATTEN_COUNT) {
		json_object_object_add(w->out, w->path, v);
	} else {
		json_object_put(v);
		cut(w);
	}
}

static void walk(struct walk *w, struct json_object *v, size_t len, unsigned int depth);

/* A member, by its name at the end of the path. */
static void step(struct walk *w, struct json_object *v, size_t len, const char *name,
		 unsigned int depth)
{
	int n = snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len ? "." : "", name);

	if (n < 0 || (size_t)n >= sizeof(w->path) - len)
		cut(w);
	else
		walk(w, v, len + (size_t)n, depth + 1);
	w->path[len] = '\0';
}

static void walk(struct walk *w, struct json_object *v, size_t len, unsigned int depth)
{
	char index[24];
	size_t i;

	if (depth > FLATTEN_DEPTH)
		return cut(w);
	if (json_object_is_type(v, json_type_object)) {
		json_object_object_foreach (v, key, member)
			step(w, member, len, key, depth);
	} else if (json_object_is_type(v, json_type_array)) {
		for (i = 0; i < json_object_array_length(v) && w->count <= FLATTEN_COUNT; i++) {
			snprintf(index, sizeof(index), "%zu", i);
			step(w, json_object_array_get_idx(v, i), len, index, depth);
		}
	} else {
		leaf(w, v);
	}
}

struct json_object *flatten(struct json_object *doc)
{
	struct walk w = { .out = json_object_new_object() };

	walk(&w, doc, 0, 0);
	return w.out;
}

struct search {
	struct json_tokener *tok;
	const char *text;
	size_t len, effort;
};

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Only white space between p and the end of its line? */
static bool ends_line(const struct search *s, const char *p)
{
	while (p < s->text + s->len && white(*p))
		p++;
	return p == s->text + s->len || *p == '\n';
}

/* A document that begins at `p`, or NULL; *end is where it ends. */
static struct json_object *parse_at(struct search *s, const char *p, const char **end)
{
	size_t left = (size_t)(s->text + s->len - p);
	struct json_object *o;

	json_tokener_reset(s->tok);
	o = json_tokener_parse_ex(s->tok, p, left > INT_MAX ? INT_MAX : (int)left);
	*end = p + json_tokener_get_parse_end(s->tok);
	s->effort += (size_t)(*end - p) + 1;
	while (*end > p && (white((*end)[-1]) || (*end)[-1] == '\n'))
		--*end; /* the parser went on to what follows */
	return o;
}

/* Only white space between the start of its line and p? */
static bool begins_line(const struct search *s, const char *p)
{
	while (p > s->text && white(p[-1]))
		p--;
	return p == s->text || p[-1] == '\n';
}

static struct json_object *first(struct search *s, bool own_lines)
{
	const char *p = s->text, *stop = s->text + s->len, *end;
	struct json_object *o;

	for (s->effort = 0; p < stop && s->effort < EFFORT; p++) {
		if ((*p != '{' && *p != '[') || (own_lines && !begins_line(s, p)))
			continue;
		o = parse_at(s, p, &end);
		if (o && (!own_lines || ends_line(s, end)))
			return o;
		json_object_put(o);
	}
	return NULL;
}

static struct json_object *find_in(const char *text, size_t len)
{
	struct search s = { .tok = json_tokener_new_ex(FLATTEN_PARSE_DEPTH),
			    .text = text,
			    .len = len };
	struct json_object *o;

	if (!s.tok)
		return NULL;
	json_tokener_set_flags(s.tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	o = first(&s, true);
	if (!o)
		o = first(&s, false);
	json_tokener_free(s.tok);
	return o;
}

struct json_object *flatten_find(const char *text, size_t len)
{
	struct json_object *o;
	size_t n = 0;
	char *ascii;

	if (utf8_is_ascii(text, len))
		return find_in(text, len);
	ascii = utf8_escape(text, len, &n);
	o = ascii ? find_in(ascii, n) : NULL;
	free(ascii);
	return o;
}
