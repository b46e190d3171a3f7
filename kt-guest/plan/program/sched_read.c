// SPDX-License-Identifier: GPL-2.0-only
/* A scheduler as an object: every key but how its program is found. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constraints.h"
#include "exit.h"
#include "plan/common/kernel.h"
#include "plan/common/limits.h"
#include "program.h"
#include "record.h"
#include "sched.h"
#include "sched_program.h"
#include "sched_read.h"
#include "suggest.h"

#define COMMAND_MAX  4096 /* of kernel_builtin: it becomes an argument of a shell */
#define CONFIG_DIR   "/kt/config/"
#define PLACEHOLDER  "{file}"
#define GUEST_BINARY "/kt/scheduler"
#define SHELL        "/bin/sh"

struct json_object *plan_sched_record(const char *name)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "name", name);
	rec_add(o, "binary", NULL);
	rec_str(o, "guest_binary", GUEST_BINARY);
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

/* "/a/b": a place below the root of the cgroup file system. */
static int read_parent(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	static const char want[] = "a cgroup below the root, such as \"/mitosis\"";
	const char *path, *c;
	int rc = node_string(n, want, &path, e);

	if (rc)
		return rc;
	for (c = path; isalnum((unsigned char)*c) || (*c && strchr("_.-/", *c)); c++)
		;
	if (*c || *path != '/' || c - path > 200 || c[-1] == '/' || strstr(path, "//") ||
	    strstr(path, "/."))
		return node_expected(n, e, want);
	rec_str(s->record, "cgroup_parent", path);
	return KT_OK;
}

static struct json_object *files_of(struct plan_sched *s)
{
	struct json_object *files = rec_get_arr(s->record, "files");

	if (!files) {
		files = json_object_new_array();
		rec_add(s->record, "files", files);
	}
	return files;
}

static void add_text(struct plan_sched *s, const char *guest, const char *text)
{
	struct json_object *o = json_object_new_object();

	rec_str(o, "guest", guest);
	rec_str(o, "text", text);
	json_object_array_add(files_of(s), o);
}

/* The words of the template with the file's place in them, before the other arguments. */
static int expand(const struct node *n, struct json_object *args, const char *file,
		  struct errbuf *e)
{
	const char *word, *at;
	char text[PATH_MAX + 512];
	size_t i, uses = 0;
	int used;

	for (i = 0; i < json_object_array_length(args); i++) {
		word = json_object_get_string(json_object_array_get_idx(args, i));
		at = strstr(word, PLACEHOLDER);
		if (!at)
			continue;
		uses++;
		used = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - word), word, file,
				at + strlen(PLACEHOLDER));
		if (used >= (int)sizeof(text))
			return node_fail(n, e, "\"config_arg\": too long");
		json_object_array_put_idx(args, i, json_object_new_string(text));
	}
	return uses == 1 ? KT_OK
			 : node_expected(n, e, "an argument, or an array of them, with one {file}");
}

static int read_template(const struct node *obj, struct plan_sched *s, struct errbuf *e)
{
	struct json_object *args = rec_get_arr(s->record, "args");
	struct node n = *obj;
	const char *word;
	int rc = KT_OK;

	if (!node_get(obj, "config_arg", &n)) {
		json_object_array_add(args, json_object_new_string("--config"));
		json_object_array_add(args, json_object_new_string(PLACEHOLDER));
	} else if (json_object_is_type(n.v, json_type_array)) {
		rc = plan_strings(&n, args, "an array of arguments", NULL, e);
	} else {
		rc = node_string(&n, "an argument, or an array of them, with one {file}", &word, e);
		if (!rc)
			json_object_array_add(args, json_object_new_string(word));
	}
	return rc ? rc : expand(&n, args, s->config, e);
}

/* Where the configuration goes: "config_path", or a place of kt's own. */
static int config_place(const struct node *obj, struct plan_sched *s, struct errbuf *e)
{
	const char *path, *base = NULL;
	struct node n;
	int rc;

	if (node_get(obj, "config_path", &n)) {
		rc = node_string(&n, "a path in the guest", &path, e);
		if (!rc)
			rc = plan_guest_path(&n, false, path, e);
		if (!rc)
			snprintf(s->config, sizeof(s->config), "%s", path);
		return rc;
	}
	if (node_get(obj, "config_file", &n))
		base = strrchr(json_object_get_string(n.v), '/');
	if (base)
		base++;
	else if (n.v)
		base = json_object_get_string(n.v);
	snprintf(s->config, sizeof(s->config), CONFIG_DIR "%s%s",
		 base ? base : rec_get_str(s->record, "name", "scheduler"), base ? "" : ".json");
	return plan_guest_path(base ? &n : obj, false, s->config, e);
}

/* The contents: a string as it is, an object or array as JSON. */
static int config_text(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	enum json_type type = json_object_get_type(n->v);
	const char *text;
	int rc;

	if (type == json_type_object || type == json_type_array) {
		add_text(s, s->config,
			 json_object_to_json_string_ext(n->v, JSON_C_TO_STRING_PLAIN));
		return KT_OK;
	}
	rc = node_string(n, "an object or an array, or a string for another format", &text, e);
	if (!rc)
		add_text(s, s->config, text);
	return rc;
}

static int config_file(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	char host[PATH_MAX];
	const char *path;
	int rc = node_string(n, "the path of a file", &path, e);

	if (rc)
		return rc;
	if (!plan_absolute(n, path, host)) {
		node_fail(n, e, "unable to find \"%.200s\"", path);
		return KT_HOST;
	}
	json_object_array_add(files_of(s), plan_file_entry(host, s->config, false));
	return KT_OK;
}

static int read_config(const struct node *obj, struct plan_sched *s, struct errbuf *e)
{
	struct node file, text, n;
	bool has_file = node_get(obj, "config_file", &file);
	bool has_text = node_get(obj, "config", &text);
	const char *path;
	int rc = KT_OK;

	if (!has_file && !has_text && !node_get(obj, "config_arg", &n) &&
	    !node_get(obj, "config_path", &n))
		return KT_OK;
	if (has_file && has_text)
		return node_fail_key(&text, e, "\"config\" and \"config_file\" exclude each other");
	if (has_file)
		rc = node_string(&file, "the path of a file", &path, e);
	if (!rc)
		rc = config_place(obj, s, e);
	if (!rc)
		rc = read_template(obj, s, e);
	if (!rc && has_file)
		rc = config_file(&file, s, e);
	if (!rc && has_text)
		rc = config_text(&text, s, e);
	s->configured = has_file || has_text;
	return rc;
}

static int test_config(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	struct json_object *files;

	if (!s->config[0])
		return node_fail_key(n, e,
				     "scheduler \"%.40s\" takes no \"config\": it has neither "
				     "\"config_arg\" nor \"config_path\"",
				     rec_get_str(s->record, "name", "eevdf"));
	files = files_of(s);
	if (s->configured) /* its own is the last one: that of the test goes before */
		json_object_array_del_idx(files, json_object_array_length(files) - 1, 1);
	s->configured = true;
	return config_text(n, s, e);
}

int plan_sched_test(const struct node *test, struct plan_sched *s, bool replaced, struct errbuf *e)
{
	bool program = s->record && !rec_get_obj(s->record, "builtin");
	const char *name = rec_get_str(s->record, "name", "eevdf");
	struct node n;
	int rc = KT_OK;

	if (node_get(test, "config", &n) && (s->config[0] || !replaced))
		rc = test_config(&n, s, e);
	else if (s->config[0] && !s->configured)
		rc = node_fail(test, e, "scheduler \"%.40s\" needs a \"config\" of the test", name);
	if (rc || !node_get(test, "sched_args", &n) || replaced)
		return rc;
	if (!program)
		return node_fail_key(
			&n, e, "\"sched_args\": \"%.40s\" has no program to give them to", name);
	return plan_strings(&n, rec_get_arr(s->record, "args"), "an array of arguments", NULL, e);
}

static int check_command(const struct node *n, const char *s, struct errbuf *e)
{
	if (!*s || strlen(s) > COMMAND_MAX)
		return node_expected(n, e, "a command of the shell, of 4096 bytes at most");
	return KT_OK;
}

/* "kernel_builtin": commands that a shell of this host runs in the guest. */
static int read_builtin(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	static const char *const keys[] = { "enable", "disable", NULL };
	struct json_object *o, *list;
	char shell[PATH_MAX];
	struct node m;
	int rc = node_object(n, "an object with \"enable\" and \"disable\"", e), i;

	if (!rc)
		rc = node_keys(n, keys, "kernel_builtin", e);
	if (!rc && (!node_get(n, "enable", &m) || node_count(&m) == 0))
		rc = node_fail(n, e,
			       "\"kernel_builtin\": needs at least one command to \"enable\"");
	if (rc)
		return rc;
	o = json_object_new_object();
	rec_add(s->record, "builtin", o);
	for (i = 0; !rc && keys[i]; i++) {
		list = json_object_new_array();
		rec_add(o, keys[i], list);
		if (node_get(n, keys[i], &m))
			rc = plan_strings(&m, list, "an array of commands", check_command, e);
	}
	if (!rc && (!realpath(SHELL, shell) || !plan_is_program(shell))) {
		node_fail(n, e, "this host has no " SHELL " that could go into the guest");
		rc = KT_HOST;
	}
	if (!rc)
		json_object_array_add(files_of(s), plan_file_entry(shell, SHELL, true));
	return rc;
}

/* An array names all that it promises; an object says yes or no to some. */
static int read_promises(const struct node *n, struct plan_sched *s, struct errbuf *e)
{
	static const char *const names[] = {
		"nice", "cgroup_weight", "cgroup_max", "work_conserving", "affinity", "yield", NULL
	};
	static const char want[] = "an array of promises, or an object with true or false for each";
	struct json_object *o = json_object_new_object();
	const char *name, *near;
	struct node m;
	bool yes;
	size_t i, k;
	int rc = KT_OK;

	rec_add(s->record, "promises", o);
	if (json_object_is_type(n->v, json_type_object)) {
		rc = node_keys(n, names, "\"promises\"", e);
		for (i = 0; !rc && names[i]; i++) {
			if (!node_get(n, names[i], &m))
				continue;
			rc = node_bool(&m, &yes, e);
			if (!rc)
				rec_bool(o, names[i], yes);
		}
		return rc;
	}
	rc = node_array(n, want, e);
	for (k = 0; !rc && names[k]; k++)
		rec_bool(o, names[k], false);
	for (i = 0; !rc && i < node_count(n); i++) {
		m = node_item(n, i);
		rc = node_string(&m, "the name of a promise", &name, e);
		if (!rc && json_object_object_get_ex(o, name, NULL)) {
			rec_bool(o, name, true);
			continue;
		}
		near = rc ? NULL : suggest_nearest(name, names);
		if (near)
			return node_fail(&m, e,
					 "\"promises\": none is called \"%.40s\" (did you "
					 "mean \"%s\"?)",
					 name, near);
		if (!rc)
			rc = node_fail(&m, e,
				       "\"promises\": none is called \"%.40s\" (expected nice, "
				       "cgroup_weight, cgroup_max, work_conserving, affinity or "
				       "yield)",
				       name);
	}
	return rc;
}

static int read_rest(const struct node *obj, struct plan_sched *s, struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	if (node_get(obj, "kargs", &n))
		rc = plan_kargs(&n, rec_get_arr(s->record, "kargs"), e);
	if (!rc && node_get(obj, "sysctls", &n))
		rc = plan_sysctls(&n, rec_get_obj(s->record, "sysctls"), e);
	if (!rc && node_get(obj, "topology", &n))
		rc = read_topology(&n, s, e);
	if (!rc && node_get(obj, "cgroup_parent", &n))
		rc = read_parent(&n, s, e);
	if (!rc && node_get(obj, "constraints", &n))
		rc = plan_constraints(&n, &s->constraints, e);
	if (!rc && node_get(obj, "promises", &n))
		rc = read_promises(&n, s, e);
	if (!rc && node_get(obj, "assert", &n))
		rc = limits_read(&n, LIMITS_OF_SCHEDULER, &s->limits, e);
	return rc;
}

/* Its program with arguments, or how the kernel switches it on. */
static int read_source(const struct node *obj, const struct node *name_at, const char *name,
		       struct plan_sched *s, struct errbuf *e)
{
	static const char *const only_program[] = { "binary",      "args",       "config",
						    "config_file", "config_arg", "config_path",
						    NULL };
	const struct node *at = name_at;
	struct node n, builtin;
	const char *binary = name;
	int rc, i;

	if (node_get(obj, "kernel_builtin", &builtin)) {
		for (i = 0; only_program[i]; i++)
			if (node_get(obj, only_program[i], &n))
				return node_fail_key(&n, e,
						     "\"%s\" and \"kernel_builtin\" exclude each "
						     "other",
						     only_program[i]);
		return read_builtin(&builtin, s, e);
	}
	rc = read_config(obj, s, e);
	if (!rc && node_get(obj, "args", &n))
		rc = plan_strings(&n, rec_get_arr(s->record, "args"), "an array of arguments", NULL,
				  e);
	if (!rc && node_get(obj, "binary", &n)) {
		at = &n;
		rc = node_string(&n, "a program's name or path", &binary, e);
	}
	return rc ? rc : plan_sched_binary(at, s, binary, e);
}

int plan_sched_read(const struct node *obj, const char *dflt, const struct node *named,
		    struct plan_sched *s, struct errbuf *e)
{
	static const char *const keys[] = {
		"$schema",     "description", "name",        "binary",         "args",
		"sysctls",     "kargs",       "topology",    "assert",         "config",
		"config_file", "config_arg",  "config_path", "kernel_builtin", "cgroup_parent",
		"constraints", "promises",    NULL,
	};
	const char *name = dflt;
	struct node n = *obj, at = *obj;
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
	s->record = plan_sched_record(name);
	rc = read_rest(obj, s, e);
	/* a file without "binary" is right: what it lacks is said where it is named */
	return rc ? rc : read_source(obj, dflt ? named : &at, name, s, e);
}
