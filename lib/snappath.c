// SPDX-License-Identifier: GPL-2.0-only
/* Finds a value in a snapshot record by its path. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "record.h"
#include "snappath.h"
#include "suggest.h"

#define WORD_MAX 128
#define LIST_MAX 300 /* bytes of a list of what there is, in a message */

/* A list of names for a message, and the name nearest to the one asked for. */
struct names {
	char text[LIST_MAX];
	size_t len;
	unsigned int n, beyond;
	struct suggest near;
};

static void names_add(struct names *l, const char *name)
{
	size_t len = strlen(name);

	suggest_try(&l->near, name);
	l->n++;
	if (len + 2 > sizeof(l->text) - l->len - 1 || l->beyond) {
		l->beyond++;
		return;
	}
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%s%s",
				   l->n > 1 ? ", " : "", name);
}

/* "WHAT (did you mean "x"? It has: a, b, c and 3 more)" */
static int names_fail(const struct names *l, struct errbuf *e, const char *what)
{
	char more[40] = "";

	if (!l->n)
		return errbuf_set(e, -ENOENT, "%s, which is empty", what);
	if (l->beyond)
		snprintf(more, sizeof(more), " and %u more", l->beyond);
	if (l->near.best)
		return errbuf_set(e, -ENOENT, "%s (did you mean \"%.40s\"? there are %s%s)", what,
				  l->near.best, l->text, more);
	return errbuf_set(e, -ENOENT, "%s (there are %s%s)", what, l->text, more);
}

static struct json_object *item(struct json_object *array, size_t i)
{
	return array && i < json_object_array_length(array) ? json_object_array_get_idx(array, i)
							    : NULL;
}

static size_t length(struct json_object *array)
{
	return array ? json_object_array_length(array) : 0;
}

/* Copies the C identifier at s. Returns its length, or 0 if there is none or it is too long. */
static size_t word(const char *s, char buf[WORD_MAX])
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	if (n >= WORD_MAX)
		return 0;
	memcpy(buf, s, n);
	buf[n] = '\0';
	return n;
}

static int bad_path(const char *path, const char *at, struct errbuf *e)
{
	return errbuf_set(e, -EINVAL,
			  "\"%.80s\": expected a path such as nr_dispatched, .bss:stats.count, "
			  "maps.NAME[0].value or cpus[0].curr.comm, found \"%.20s\"",
			  path, at);
}

static int no_member(struct json_object *o, const char *name, struct errbuf *e)
{
	struct names l = { .near = { .word = name } };
	char what[WORD_MAX + 24];

	rec_each (o, key, v) {
		(void)v;
		names_add(&l, key);
	}
	snprintf(what, sizeof(what), "no member \"%s\"", name);
	return names_fail(&l, e, what);
}

static const char *kind(struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		return "null";
	case json_type_string:
		return "a text";
	case json_type_array:
		return "an array";
	case json_type_object:
		return "an object";
	default:
		return "a number";
	}
}

static int step_item(struct json_object **v, const char *path, const char **at, struct errbuf *e)
{
	unsigned int i;
	int used = 0;

	if (!isdigit((unsigned char)(*at)[1]) || sscanf(*at, "[%9u]%n", &i, &used) != 1 || !used)
		return bad_path(path, *at, e);
	if (!json_object_is_type(*v, json_type_array))
		return errbuf_set(e, -ENOENT, "\"%.*s\" is %s and has no items",
				  (int)(*at - path < 80 ? *at - path : 80), path, kind(*v));
	if (i >= length(*v))
		return errbuf_set(e, -ENOENT, "\"%.*s\" has %zu items, no [%u]",
				  (int)(*at - path < 80 ? *at - path : 80), path, length(*v), i);
	*v = item(*v, i);
	*at += used;
	return 0;
}

static int step_member(struct json_object **v, const char *path, const char **at, struct errbuf *e)
{
	struct json_object *o = *v;
	char name[WORD_MAX];
	size_t n = word(*at + 1, name);

	if (!n)
		return bad_path(path, *at, e);
	if (!json_object_is_type(*v, json_type_object))
		return errbuf_set(e, -ENOENT, "\"%.*s\" is %s and has no members",
				  (int)(*at - path < 80 ? *at - path : 80), path, kind(*v));
	if (!json_object_object_get_ex(o, name, v))
		return no_member(o, name, e);
	*at += n + 1;
	return 0;
}

/* Follows the rest of the path, ".member" and "[i]", from *v on. */
static int walk(struct json_object **v, const char *path, const char *at, struct errbuf *e)
{
	int rc = 0;

	while (!rc && *at) {
		if (*at == '.')
			rc = step_member(v, path, &at, e);
		else if (*at == '[')
			rc = step_item(v, path, &at, e);
		else
			rc = bad_path(path, at, e);
	}
	return rc;
}

/* Finds the value of an entry; of a per-CPU map, an array of each CPU's value at the path. */
static int walk_entry(struct json_object *entry, const char *path, const char *at,
		      struct json_object **v, struct errbuf *e)
{
	struct json_object *values = rec_get_arr(entry, "values"), *one;
	size_t i;
	int rc = 0;

	if (!values) {
		json_object_object_get_ex(entry, "value", &one);
		rc = walk(&one, path, at, e);
		*v = rc ? NULL : json_object_get(one);
		return rc;
	}
	*v = json_object_new_array();
	for (i = 0; !rc && i < length(values); i++) {
		one = item(values, i);
		rc = walk(&one, path, at, e);
		if (!rc)
			json_object_array_add(*v, json_object_get(one));
	}
	if (rc) {
		json_object_put(*v);
		*v = NULL;
	}
	return rc;
}

static bool ends_with(const char *s, const char *end, size_t len)
{
	size_t n = strlen(s);

	return n >= len && strncmp(s + n - len, end, len) == 0;
}

static const char *map_name(struct json_object *map)
{
	return rec_get_str(map, "name", "");
}

/* Returns the one value of a section map (.bss, .data, .rodata), or NULL for another map. */
static struct json_object *variables(struct json_object *map)
{
	return strchr(map_name(map), '.')
		       ? rec_get_obj(item(rec_get_arr(map, "entries"), 0), "value")
		       : NULL;
}

static int no_map(struct json_object *maps, const char *at, struct errbuf *e)
{
	char name[WORD_MAX], what[WORD_MAX + 24];
	struct names l = { .near = { .word = name } };
	size_t i;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "[:"), at);
	for (i = 0; i < length(maps); i++)
		names_add(&l, map_name(item(maps, i)));
	snprintf(what, sizeof(what), "no map \"%s\"", name);
	return names_fail(&l, e, what);
}

static int no_variable(struct json_object *maps, const char *name, const char *in, size_t len,
		       struct errbuf *e)
{
	struct names l = { .near = { .word = name } };
	char what[WORD_MAX + 100];
	struct json_object *vars;
	size_t i;

	for (i = 0; i < length(maps); i++) {
		vars = variables(item(maps, i));
		if (!vars || !ends_with(map_name(item(maps, i)), in, len))
			continue;
		rec_each (vars, key, v) {
			(void)v;
			names_add(&l, key);
		}
	}
	snprintf(what, sizeof(what), "no variable \"%s\"%s%.*s", name, len ? " in " : "",
		 (int)(len < 40 ? len : 40), in);
	if (!l.n && len)
		return no_map(maps, in, e);
	if (!l.n)
		return errbuf_set(e, -ENOENT, "%s: the snapshot has no variables", what);
	return names_fail(&l, e, what);
}

/* Finds a variable in the maps whose name ends in `in`; -ENOENT and no message if none has it. */
static int find_variable(struct json_object *maps, const char *name, const char *in, size_t len,
			 struct json_object **v, struct errbuf *e)
{
	struct json_object *vars, *map, *first = NULL;
	size_t i;

	for (i = 0; i < length(maps); i++) {
		map = item(maps, i);
		vars = variables(map);
		if (!vars || !ends_with(map_name(map), in, len) ||
		    !json_object_object_get_ex(vars, name, NULL))
			continue;
		if (first)
			return errbuf_set(e, -EINVAL,
					  "\"%s\" is in %.60s and in %.60s: say in which, as in "
					  "%.60s:%s",
					  name, map_name(first), map_name(map), map_name(first),
					  name);
		first = map;
		json_object_object_get_ex(vars, name, v);
	}
	return first ? 0 : -ENOENT;
}

/* Finds "NAME[i]...", an entry of a map; -ENOENT and no message if there is no such map. */
static int find_entry(struct json_object *maps, const char *name, const char *path,
		      const char *index, struct json_object **v, struct errbuf *e)
{
	struct json_object *entries = NULL;
	size_t i;
	int rc;

	for (i = 0; i < length(maps) && !entries; i++)
		if (strcmp(map_name(item(maps, i)), name) == 0)
			entries = rec_get_arr(item(maps, i), "entries");
	if (!entries || *index != '[')
		return -ENOENT;
	rc = step_item(&entries, path, &index, e);
	return rc ? rc : walk_entry(entries, path, index, v, e);
}

/* Finds "[MAP:]variable...". */
static int global(struct json_object *snapshot, const char *path, struct json_object **v,
		  struct errbuf *e)
{
	struct json_object *maps = rec_get_arr(snapshot, "maps"), *found;
	const char *colon = strchr(path, ':'), *at = colon ? colon + 1 : path;
	size_t in = colon ? (size_t)(colon - path) : 0, n;
	char name[WORD_MAX];
	int rc;

	n = word(at, name);
	if (!n)
		return bad_path(path, at, e);
	at += n;
	e->text[0] = '\0';
	rc = find_variable(maps, name, path, in, &found, e);
	if (rc == 0) {
		rc = walk(&found, path, at, e);
		*v = rc ? NULL : json_object_get(found);
		return rc;
	}
	if (rc == -ENOENT && !in)
		rc = find_entry(maps, name, path, at, v, e);
	if (rc && !e->text[0])
		return no_variable(maps, name, path, in, e);
	return rc;
}

/* Finds the map named at `at`. Map names may have dots, so the longest match counts. */
static struct json_object *map_at(struct json_object *maps, const char *at, size_t *len)
{
	struct json_object *best = NULL;
	const char *name;
	size_t i, n;

	*len = 0;
	for (i = 0; i < length(maps); i++) {
		name = map_name(item(maps, i));
		n = strlen(name);
		if (n > *len && strncmp(at, name, n) == 0 && (!at[n] || strchr(".[", at[n]))) {
			best = item(maps, i);
			*len = n;
		}
	}
	return best;
}

/* Finds "maps.NAME", "maps.NAME[i]..." or "maps.NAME.member". */
static int by_map(struct json_object *snapshot, const char *path, struct json_object **v,
		  struct errbuf *e)
{
	struct json_object *maps = rec_get_arr(snapshot, "maps"), *map;
	const char *at = path + strlen("maps.");
	size_t n;
	int rc;

	map = map_at(maps, at, &n);
	if (!map)
		return no_map(maps, at, e);
	if (at[n] == '[')
		json_object_object_get_ex(map, "entries", &map);
	rc = walk(&map, path, at + n, e);
	*v = rc ? NULL : json_object_get(map);
	return rc;
}

int snappath_get(struct json_object *snapshot, const char *path, struct json_object **v,
		 struct errbuf *e)
{
	char name[WORD_MAX];
	size_t n = word(path, name);
	struct json_object *found;
	int rc;

	*v = NULL;
	if (strncmp(path, "maps.", strlen("maps.")) == 0)
		return by_map(snapshot, path, v, e);
	if (!n || path[n] == ':' || !json_object_object_get_ex(snapshot, name, &found))
		return global(snapshot, path, v, e);
	rc = walk(&found, path, path + n, e);
	*v = rc ? NULL : json_object_get(found);
	return rc;
}
