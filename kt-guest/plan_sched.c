// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler of a test: by name, by path, as an object of its own, or none. What it
 * names must be a program on this host, for kt-initrd packs it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "paths.h"
#include "plan.h"
#include "record.h"

#define SUB "schedulers"

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* A message with its place, or, for a name of the command line, without. */
static int lacks(const struct node *at, struct errbuf *e, const char *text)
{
	if (at)
		node_fail(at, e, "%s", text);
	else
		errbuf_set(e, 0, "--scheduler: %s", text);
	return KT_HOST;
}

static int not_found(const struct node *at, const char *name, struct errbuf *e)
{
	char where[120], text[sizeof(e->text)];

	plan_find_where(SUB, SUB, where, sizeof(where));
	snprintf(
		text, sizeof(text),
		"unable to find scheduler \"%.40s\": no such .json in %s, no such program beside kt "
		"or in PATH; type KT_SCHEDULER=/path/to/it or --scheduler eevdf%s",
		name, where, strcmp(name, "scx_kt") == 0 ? ", or build it by 'make scx'" : "");
	return lacks(at, e, text);
}

/* A path in a file is relative to the file; one of the command line to the cwd. */
static bool absolute(const struct node *at, const char *path, char *buf)
{
	const char *slash = at ? strrchr(at->file->label, '/') : NULL;
	char joined[PATH_MAX];
	int n;

	if (*path == '/' || !slash)
		n = snprintf(joined, sizeof(joined), "%s", path);
	else
		n = snprintf(joined, sizeof(joined), "%.*s/%s", (int)(slash - at->file->label),
			     at->file->label, path);
	return n < (int)sizeof(joined) && realpath(joined, buf);
}

static int program_at(const struct node *at, const char *path, char *buf, struct errbuf *e)
{
	char text[sizeof(e->text)];

	if (absolute(at, path, buf) && is_program(buf))
		return KT_OK;
	snprintf(text, sizeof(text), "scheduler \"%.200s\" is no executable program", path);
	return lacks(at, e, text);
}

/* The program of that name, or the one that the environment puts in its place. */
static int find_binary(const struct node *at, const char *name, char *buf, struct errbuf *e)
{
	const char *env = at ? getenv("KT_SCHEDULER") : NULL; /* options beat the environment */
	char path[PATH_MAX];

	if (env && *env) {
		if (strchr(env, '/') ? absolute(NULL, env, buf) && is_program(buf)
				     : !paths_program(env, path) && realpath(path, buf))
			return KT_OK;
		return errbuf_set(e, KT_HOST, "KT_SCHEDULER: \"%.200s\" is no executable program",
				  env);
	}
	if (strchr(name, '/'))
		return program_at(at, name, buf, e);
	if (*name && !paths_program(name, path) && realpath(path, buf) && is_program(buf))
		return KT_OK;
	return not_found(at, name, e);
}

static struct json_object *new_record(const char *name)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "name", name);
	rec_add(o, "binary", NULL);
	rec_add(o, "args", json_object_new_array());
	rec_add(o, "sysctls", json_object_new_object());
	rec_add(o, "kargs", json_object_new_array());
	return o;
}

static int read_topology(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	struct errbuf why;
	const char *spec;
	struct topo t;
	int rc = node_string(n, "a topology such as \"1n2l2c1t\"", &spec, e);

	if (rc)
		return rc;
	if (topo_parse(spec, &t, NULL, &why))
		return node_fail(n, e, "%s", why.text);
	snprintf(s->topology, sizeof(s->topology), "%s", spec);
	return KT_OK;
}

static int read_lists(const struct node *obj, struct plan_sched *s, struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	if (node_get(obj, "args", &n))
		rc = plan_strings(&n, rec_get_arr(s->record, "args"), "an array of arguments", NULL,
				  e);
	if (!rc && node_get(obj, "kargs", &n))
		rc = plan_kargs(&n, rec_get_arr(s->record, "kargs"), e);
	if (!rc && node_get(obj, "sysctls", &n))
		rc = plan_sysctls(&n, rec_get_obj(s->record, "sysctls"), e);
	if (!rc && node_get(obj, "topology", &n))
		rc = read_topology(&n, s, e);
	if (!rc && node_get(obj, "assert", &n))
		rc = limits_read(&n, &s->limits, e);
	return rc;
}

/* The object form; dflt is the name when it gives none, or NULL when it must. */
static int read_object(const struct node *obj, const char *dflt, struct plan_sched *s,
		       struct errbuf *e)
{
	static const char *const keys[] = { "$schema", "description", "name",     "binary", "args",
					    "sysctls", "kargs",       "topology", "assert", NULL };
	const char *name = dflt, *binary;
	char path[PATH_MAX];
	struct node n, at = *obj;
	int rc = node_keys(obj, keys, "the scheduler", e);

	if (!rc && node_get(obj, "name", &n)) {
		at = n;
		rc = node_string(&n, "a name", &name, e);
	} else if (!rc && !dflt) {
		rc = node_fail(obj, e, "\"scheduler\": an object needs a \"name\"");
	}
	if (!rc && !*name)
		rc = node_expected(&n, e, "a name");
	if (rc)
		return rc;
	s->record = new_record(name);
	rc = read_lists(obj, s, e);
	binary = name;
	if (!rc && node_get(obj, "binary", &n)) {
		at = n;
		rc = node_string(&n, "a program's name or path", &binary, e);
	}
	if (!rc)
		rc = find_binary(&at, binary, path, e);
	if (!rc)
		rec_str(s->record, "binary", path);
	return rc;
}

/* The file of an object; its name without .json is the default of "name". */
static int read_file(const char *path, struct plan_sched *s, struct errbuf *e)
{
	const char *base = strrchr(path, '/');
	struct jsonfile f;
	struct node root;
	char name[256];
	int rc = jsonfile_read(&f, path, e);

	base = base ? base + 1 : path;
	snprintf(name, sizeof(name), "%.*s", (int)strlen(base) - 5, base);
	if (!rc) {
		root = node_root(&f);
		rc = read_object(&root, name, s, e);
	}
	jsonfile_free(&f);
	return rc;
}

static int by_path(const struct node *at, const char *name, struct plan_sched *s, struct errbuf *e)
{
	size_t len = strlen(name);
	char path[PATH_MAX], text[sizeof(e->text)];
	int rc;

	if (len > 5 && strcmp(name + len - 5, ".json") == 0) {
		if (absolute(at, name, path))
			return read_file(path, s, e);
		snprintf(text, sizeof(text), "unable to find scheduler file \"%.200s\"", name);
		return lacks(at, e, text);
	}
	rc = find_binary(at, name, path, e);
	if (rc)
		return rc;
	s->record = new_record(strrchr(name, '/') + 1);
	rec_str(s->record, "binary", path);
	return KT_OK;
}

static int by_name(const struct node *at, const char *name, struct plan_sched *s, struct errbuf *e)
{
	char path[PATH_MAX];
	int rc;

	if (strcmp(name, "eevdf") == 0)
		return KT_OK;
	if (strchr(name, '/'))
		return by_path(at, name, s, e);
	if (!plan_find_file(SUB, SUB, name, path))
		return read_file(path, s, e);
	rc = find_binary(at, name, path, e);
	if (rc)
		return rc;
	s->record = new_record(name);
	rec_str(s->record, "binary", path);
	return KT_OK;
}

int plan_sched_resolve(const struct node *at, const char *name, struct plan_sched *s,
		       struct errbuf *e)
{
	int rc;

	memset(s, 0, sizeof(*s));
	if (!at)
		return by_name(NULL, name, s, e);
	if (!at->v)
		return KT_OK;
	if (json_object_is_type(at->v, json_type_object))
		return read_object(at, NULL, s, e);
	rc = node_string(at, "a scheduler's name or path, an object, null or \"eevdf\"", &name, e);
	return rc ? rc : by_name(at, name, s, e);
}
