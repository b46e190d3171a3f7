// SPDX-License-Identifier: GPL-2.0-only
/* Where tests and schedulers are looked up: ./kt.d, each directory of $KT_PATH, kt's own data. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "find.h"
#include "paths.h"
#include "suggest.h"

static bool call(plan_dir_fn *fn, void *arg, const char *dir, size_t len, const char *sub)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%.*s%s%s", (int)len, dir, *sub ? "/" : "", sub) >=
	    (int)sizeof(path))
		return true; /* no such directory can exist */
	return fn(path, arg);
}

void plan_find_each(const char *sub, const char *data_sub, plan_dir_fn *fn, void *arg)
{
	const char *p = getenv("KT_PATH"), *end;
	char data[PATH_MAX];

	if (!call(fn, arg, "kt.d", 4, sub))
		return;
	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (end > p && !call(fn, arg, p, end - p, sub))
			return;
	}
	if (paths_data(data_sub, data) == 0)
		fn(data, arg);
}

struct find {
	const char *name;
	char *path;
	bool found;
};

static bool find_in(const char *dir, void *arg)
{
	struct find *f = arg;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.json", dir, f->name) >= (int)sizeof(path) ||
	    access(path, F_OK))
		return true;
	memcpy(f->path, path, sizeof(path));
	f->found = true;
	return false;
}

int plan_find_file(const char *sub, const char *data_sub, const char *name, char *path)
{
	struct find f = { .name = name, .path = path };

	plan_find_each(sub, data_sub, find_in, &f);
	return f.found ? 0 : -ENOENT;
}

struct where {
	char *buf;
	size_t size, len;
};

static bool append_dir(const char *dir, void *arg)
{
	struct where *w = arg;
	int n = snprintf(w->buf + w->len, w->size - w->len, "%s%s", w->len ? ", " : "", dir);

	if (n >= (int)(w->size - w->len)) {
		w->buf[w->len] = '\0'; /* what does not fit is left out */
		return false;
	}
	w->len += n;
	return true;
}

void plan_find_where(const char *sub, const char *data_sub, char *buf, size_t size)
{
	struct where w = { .buf = buf, .size = size };

	buf[0] = '\0';
	plan_find_each(sub, data_sub, append_dir, &w);
}

struct nearest {
	struct suggest s;
	char best[SUGGEST_MAX + 1];
};

static bool suggest_from(const char *dir, void *arg)
{
	struct nearest *n = arg;
	char name[SUGGEST_MAX + 1];
	struct dirent *d;
	DIR *dp = opendir(dir);
	size_t len;

	while (dp && (d = readdir(dp))) {
		len = strlen(d->d_name);
		if (len <= 5 || len - 5 > SUGGEST_MAX || strcmp(d->d_name + len - 5, ".json"))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(len - 5), d->d_name);
		suggest_try(&n->s, name);
		if (n->s.best == name) {
			memcpy(n->best, name, sizeof(name));
			n->s.best = n->best;
		}
	}
	if (dp)
		closedir(dp);
	return true;
}

static int unknown_test(const char *name, struct errbuf *e)
{
	struct nearest n = { .s = { .word = name } };
	char where[300];

	plan_find_each("", "tests", suggest_from, &n);
	plan_find_where("", "tests", where, sizeof(where));
	if (n.s.best)
		return errbuf_set(e, KT_DATA,
				  "unknown test \"%.64s\": not in %s (did you mean \"%s\"?)", name,
				  where, n.s.best);
	return errbuf_set(e, KT_DATA, "unknown test \"%.64s\": no %.64s.json in %s", name, name,
			  where);
}

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".json") == 0);
}

int plan_find_test(const char *name, char *path, struct errbuf *e)
{
	if (!is_path(name))
		return plan_find_file("", "tests", name, path) ? unknown_test(name, e) : KT_OK;
	if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX)
		return errbuf_set(e, KT_DATA, "%.64s...: the path is too long", name);
	return KT_OK;
}
