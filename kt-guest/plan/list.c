// SPDX-License-Identifier: GPL-2.0-only
/* What there is to be used in tests, by name: tests themselves, schedulers, work types. */
#include <dirent.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "list.h"
#include "msg.h"
#include "opts.h"
#include "plan/common/find.h"
#include "record.h"
#include "testfile/jsonfile.h"
#include "work/types.h"

#define FILES_MAX 65536
#define SUFFIX    ".json"

/* Files of one kind; one that comes first hides those of its name in later directories. */
struct files {
	const char *kind;
	struct json_object *names; /* of those so far, to their paths */
};

static bool is_json(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > strlen(SUFFIX) &&
	       strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static bool add_dir(const char *dir, void *arg)
{
	struct files *f = arg;
	char name[NAME_MAX + 1], path[PATH_MAX];
	struct dirent *d;
	DIR *dp = opendir(dir);

	while (dp && (d = readdir(dp)) && json_object_object_length(f->names) < FILES_MAX) {
		if (!is_json(d->d_name) ||
		    snprintf(path, sizeof(path), "%s/%s", dir, d->d_name) >= (int)sizeof(path))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(strlen(d->d_name) - strlen(SUFFIX)),
			 d->d_name);
		if (!json_object_object_get_ex(f->names, name, NULL))
			rec_str(f->names, name, path);
	}
	if (dp)
		closedir(dp);
	return true;
}

/* A file that cannot be read is listed, too, with the reason: someone may look for it. */
static void put_file(struct rec_out *out, const struct files *f, const char *name, const char *path)
{
	struct json_object *o = rec_new("item");
	char real[PATH_MAX];
	struct jsonfile file;
	struct errbuf e;
	bool good = jsonfile_read(&file, path, &e) == KT_OK;

	rec_str(o, "kind", f->kind);
	rec_str(o, "name", name);
	rec_str(o, "description", good ? rec_get_str(file.root, "description", NULL) : NULL);
	rec_str(o, "file", realpath(path, real) ? real : path);
	if (!good)
		rec_str(o, "error", e.text);
	rec_put(out, o);
	jsonfile_free(&file);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int put_files(struct rec_out *out, const char *kind, const char *sub, const char *data_sub)
{
	struct files f = { .kind = kind, .names = json_object_new_object() };
	size_t n = 0, i;
	const char **names;

	plan_find_each(sub, data_sub, add_dir, &f);
	names = calloc(json_object_object_length(f.names) + 1, sizeof(*names));
	if (!names) {
		json_object_put(f.names);
		return msg_err(KT_SYS, 0, "out of memory");
	}
	json_object_object_foreach (f.names, name, path) {
		(void)path;
		names[n++] = name;
	}
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++)
		put_file(out, &f, names[i], rec_get_str(f.names, names[i], ""));
	free(names);
	json_object_put(f.names);
	return KT_OK;
}

static int put_work(struct rec_out *out)
{
	const struct work_type *t = NULL;
	unsigned int family = 0;
	struct json_object *o;

	while ((t = work_type_next(t, &family))) {
		o = rec_new("item");
		rec_str(o, "kind", "work");
		rec_str(o, "name", t->name);
		rec_str(o, "description", t->summary);
		rec_put(out, o);
	}
	return KT_OK;
}

enum what { LIST_TESTS = 256, LIST_SCHEDULERS, LIST_WORK };

static int list(struct rec_out *out, enum what what)
{
	switch (what) {
	case LIST_SCHEDULERS:
		return put_files(out, "scheduler", "schedulers", "schedulers");
	case LIST_WORK:
		return put_work(out);
	default:
		return put_files(out, "test", "", "tests");
	}
}

static const struct opt rows[] = {
	{ "schedulers", LIST_SCHEDULERS, NULL, "scheduler files instead", NULL },
	{ "work", LIST_WORK, NULL, "work types instead", NULL },
	{ 0 },
};

const struct opt_table list_options = {
	.command = "list",
	.usage = "[--schedulers|--work]",
	.about = "Writes an item record for each test that can be found by name.\n",
	.opt = rows,
};

int list_main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	enum what what = LIST_TESTS;
	int c, rc;

	while ((c = opts_next(&list_options, argc, argv, &rc)) >= 0)
		what = c;
	if (rc == KT_OK)
		return msg_finish(rc);
	if (rc < 0 && optind < argc)
		rc = msg_usage("list: unexpected argument '%s'", argv[optind]);
	if (rc < 0)
		rc = list(&out, what);
	rec_end(&out, rc);
	return msg_finish(rc);
}
