// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds places in JSON text as json-c's non-strict tokener accepts it: comments, quotes
 * of both kinds, a comma behind the last item. It does not judge: what is no JSON only
 * ends the walk.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonpos.h"

struct walk {
	const char *text, *p, *end;
	unsigned int depth;
};

struct slice {
	const char *p;
	size_t len; /* with its quotes */
};

static struct walk walk_start(const char *text, size_t len)
{
	return (struct walk){ .text = text, .p = text, .end = text + len };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Behind a comment that begins at p. As in json-c, whatever follows a '*' is taken
 * together with it, so "**" and "/" do not end one.
 */
static const char *comment_end(const char *p, const char *end)
{
	for (p += 2; p < end; p++)
		if (*p == '*' && ++p < end && *p == '/')
			return p + 1;
	return end;
}

static void skip_blank(struct walk *w)
{
	const char *close;

	while (w->p < w->end) {
		if (is_blank(*w->p)) {
			w->p++;
		} else if (w->end - w->p > 1 && w->p[0] == '/' && w->p[1] == '/') {
			close = memchr(w->p, '\n', w->end - w->p);
			w->p = close ? close + 1 : w->end;
		} else if (w->end - w->p > 1 && w->p[0] == '/' && w->p[1] == '*') {
			w->p = comment_end(w->p, w->end);
		} else {
			return;
		}
	}
}

static char next_char(struct walk *w)
{
	skip_blank(w);
	return w->p < w->end ? *w->p : '\0';
}

static bool take_string(struct walk *w, struct slice *s)
{
	char quote = next_char(w);
	const char *p = w->p;

	if (quote != '"' && quote != '\'')
		return false;
	for (p++; p < w->end && *p != quote; p++)
		if (*p == '\\')
			p++;
	if (p >= w->end)
		return false;
	s->p = w->p;
	s->len = p + 1 - w->p;
	w->p = p + 1;
	return true;
}

static bool skip_scalar(struct walk *w)
{
	const char *from = w->p;

	while (w->p < w->end && !is_blank(*w->p) && !strchr(",]}/:\"'", *w->p))
		w->p++;
	return w->p > from;
}

static bool enter(struct walk *w, char bracket)
{
	if (next_char(w) != bracket || w->depth >= JSONPOS_DEPTH)
		return false;
	w->p++;
	w->depth++;
	return true;
}

/*
 * To the next item of the object or array that was entered: 1, or 0 behind its end, or
 * -1. For an object the walk is then at the value and *key is set.
 */
static int next_item(struct walk *w, char close, bool first, struct slice *key)
{
	char c = next_char(w);

	if (!first && c == ',') {
		w->p++;
		c = next_char(w);
	} else if (!first && c != close) {
		return -1;
	}
	if (c == close) {
		w->p++;
		w->depth--;
		return 0;
	}
	if (close == ']')
		return c ? 1 : -1;
	if (!take_string(w, key) || next_char(w) != ':')
		return -1;
	w->p++;
	return next_char(w) ? 1 : -1;
}

static bool skip_value(struct walk *w)
{
	char c = next_char(w);
	struct slice s;
	bool first;
	int rc;

	if (c == '"' || c == '\'')
		return take_string(w, &s);
	if (!enter(w, '{') && !enter(w, '['))
		return skip_scalar(w);
	for (first = true; (rc = next_item(w, c == '{' ? '}' : ']', first, &s)) > 0; first = false)
		if (!skip_value(w))
			return false;
	return rc == 0;
}

/* The string that a slice with its quotes stands for; release it. NULL: none. */
static struct json_object *decode(const struct slice *s)
{
	struct json_tokener *tok;
	struct json_object *o;

	if (!memchr(s->p, '\\', s->len))
		return json_object_new_string_len(s->p + 1, s->len - 2);
	tok = json_tokener_new();
	if (!tok)
		return NULL;
	o = json_tokener_parse_ex(tok, s->p, s->len);
	json_tokener_free(tok);
	return o;
}

static bool slice_is(const struct slice *s, const char *key)
{
	struct json_object *o = decode(s);
	bool same = o && strcmp(json_object_get_string(o), key) == 0;

	json_object_put(o);
	return same;
}

/* One step into the value at the walk. */
static bool step_into(struct walk *w, const struct jsonpos_step *step, const char **key_at)
{
	char close = step->key ? '}' : ']';
	struct slice key = { NULL, 0 };
	size_t i;

	if (!enter(w, step->key ? '{' : '['))
		return false;
	for (i = 0; next_item(w, close, i == 0, &key) > 0; i++) {
		if (step->key ? slice_is(&key, step->key) : i == step->index) {
			*key_at = key.p;
			return true;
		}
		if (!skip_value(w))
			return false;
	}
	return false;
}

bool jsonpos_find(const char *text, size_t len, const struct jsonpos_step *path, size_t steps,
		  bool at_key, size_t *offset)
{
	struct walk w = walk_start(text, len);
	const char *key_at = NULL;
	size_t i;

	for (i = 0; i < steps; i++)
		if (!step_into(&w, &path[i], &key_at))
			return false;
	if (!next_char(&w))
		return false;
	*offset = (at_key && key_at ? key_at : w.p) - text;
	return true;
}

/* Looks `key` up among those that the object has had, and adds it with its offset. */
static bool had_before(const struct walk *w, struct json_object *seen, const struct slice *key,
		       struct jsonpos_duplicate *dup)
{
	struct json_object *name = decode(key), *earlier;
	const char *text = name ? json_object_get_string(name) : "";
	bool had = name && json_object_object_get_ex(seen, text, &earlier);

	if (had) {
		snprintf(dup->key, sizeof(dup->key), "%s", text);
		dup->offset = key->p - w->text;
		dup->earlier = (size_t)json_object_get_int64(earlier);
	} else if (name) {
		json_object_object_add(seen, text, json_object_new_int64(key->p - w->text));
	}
	json_object_put(name);
	return had;
}

/* Walks over a value; true when an object in it has a key twice. */
static bool scan_value(struct walk *w, struct jsonpos_duplicate *dup)
{
	bool object = next_char(w) == '{', first, found = false;
	struct json_object *seen;
	struct slice key;

	if (!enter(w, '{') && !enter(w, '[')) {
		if (!skip_value(w))
			w->p = w->end; /* nothing more to be found */
		return false;
	}
	seen = json_object_new_object();
	for (first = true; !found && next_item(w, object ? '}' : ']', first, &key) > 0;
	     first = false)
		found = (object && had_before(w, seen, &key, dup)) || scan_value(w, dup);
	json_object_put(seen);
	return found;
}

bool jsonpos_duplicate(const char *text, size_t len, struct jsonpos_duplicate *dup)
{
	struct walk w = walk_start(text, len);

	return scan_value(&w, dup);
}

size_t jsonpos_skip_blank(const char *text, size_t len, size_t offset)
{
	struct walk w = walk_start(text, len);

	w.p += offset;
	skip_blank(&w);
	return w.p - text;
}

struct jsonpos jsonpos_at(const char *text, size_t len, size_t offset)
{
	struct jsonpos pos = { 1, 1 };
	size_t i;

	for (i = 0; i < offset && i < len; i++) {
		if (text[i] == '\n') {
			pos.line++;
			pos.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) { /* not within UTF-8 */
			pos.column++;
		}
	}
	return pos;
}
