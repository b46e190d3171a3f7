// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs at the same time need no lock: files appear by rename(2), complete, the
 * same name always means the same contents, and an archive that was handed out
 * (or a base that was used) within the last GRACE seconds is never removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "paths.h"
#include "store.h"

#define KEEP  16
#define GRACE 600

int store_open(struct store *s, struct errbuf *e)
{
	int rc = paths_cache("initrd", s->dir);

	if (rc == -ENOENT)
		return errbuf_set(e, -ENOPKG,
				  "no place for a cache: set HOME or XDG_CACHE_HOME, or give "
				  "--output");
	if (rc)
		return errbuf_set(e, rc, "unable to create %s: %s", s->dir, strerror(-rc));
	return 0;
}

int store_base(const struct store *s, const char *key)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/base-%s", s->dir, key) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	futimens(fd, NULL); /* fails for another user's cache: then it only ages */
	return fd;
}

int temp_make(struct temp *t, const char *dir, struct errbuf *e)
{
	t->fd = -1;
	if (snprintf(t->path, sizeof(t->path), "%s/.tmp-XXXXXX", dir) >= (int)sizeof(t->path))
		return errbuf_set(e, -ENAMETOOLONG, "%s: path too long", dir);
	t->fd = mkostemp(t->path, O_CLOEXEC);
	if (t->fd < 0)
		return errbuf_set(e, -errno, "unable to create a file in %s: %s", dir,
				  strerror(errno));
	return 0;
}

int temp_commit(struct temp *t, const char *path, struct errbuf *e)
{
	mode_t mask = umask(0);

	umask(mask);
	if (fchmod(t->fd, 0666 & ~mask) || rename(t->path, path))
		return errbuf_set(e, -errno, "unable to write %s: %s", path, strerror(errno));
	close(t->fd);
	t->fd = -1;
	return 0;
}

void temp_drop(struct temp *t)
{
	if (t->fd < 0)
		return;
	unlink(t->path);
	close(t->fd);
	t->fd = -1;
}

static bool is_base(const char *name)
{
	return !strncmp(name, "base-", 5);
}

static bool is_archive(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && !strcmp(name + len - 5, ".cpio");
}

static bool is_temp(const char *name)
{
	return !strncmp(name, ".tmp-", 5);
}

struct age {
	char name[NAME_MAX + 1];
	time_t mtime;
};

static int newest_first(const void *a, const void *b)
{
	const struct age *x = a, *y = b;

	return x->mtime > y->mtime ? -1 : x->mtime < y->mtime;
}

/* All files of one kind, or fewer when memory is short; the caller frees. */
static size_t list(DIR *d, bool (*kind)(const char *), struct age **out)
{
	struct dirent *ent;
	struct stat st;
	struct age *v = NULL, *more;
	size_t n = 0;

	rewinddir(d);
	while ((ent = readdir(d))) {
		if (!kind(ent->d_name) || fstatat(dirfd(d), ent->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		more = reallocarray(v, n + 1, sizeof(*v));
		if (!more)
			break;
		v = more;
		snprintf(v[n].name, sizeof(v[n].name), "%s", ent->d_name);
		v[n++].mtime = st.st_mtime;
	}
	*out = v;
	return n;
}

static void prune(DIR *d, bool (*kind)(const char *), size_t keep)
{
	struct age *v;
	size_t n = list(d, kind, &v), i;
	time_t now = time(NULL);

	if (n > keep)
		qsort(v, n, sizeof(*v), newest_first);
	for (i = keep; i < n; i++)
		if (v[i].mtime + GRACE < now)
			unlinkat(dirfd(d), v[i].name, 0);
	free(v);
}

void store_prune(const struct store *s)
{
	DIR *d = opendir(s->dir);

	if (!d)
		return;
	prune(d, is_base, KEEP);
	prune(d, is_archive, KEEP);
	prune(d, is_temp, 0); /* left by a run that was killed */
	closedir(d);
}
