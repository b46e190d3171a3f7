// SPDX-License-Identifier: GPL-2.0-only
/* Makes, fills and removes the cgroups of a test. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "cgroup.h"
#include "measure/file.h"
#include "measure/telemetry.h"

#define MOVE_ROUNDS 20 /* processes that fork while they are moved */
#define BUSY_TRIES  3
#define BUSY_PAUSE  (100 * NSEC_PER_MSEC)
#define DEPTH_MAX   8
#define FILE_PATH   (CGROUP_PATH + 64)

static const char *file_of(const struct cgroup *c, bool leaf, const char *file, char *path)
{
	snprintf(path, FILE_PATH, "%s/%s%s", c->path, leaf ? CGROUP_LEAF "/" : "", file);
	return path;
}

static int put(const struct cgtree *t, const char *path, const char *text, struct errbuf *e)
{
	/* a write of nothing would not reach the kernel's file */
	int rc = writer_put(t->writer, path, *text ? text : "\n", CGROUP_LIMIT);

	return rc ? errbuf_set(e, rc, "unable to write '%.80s' to %.200s: %s", text, path,
			       strerror(-rc))
		  : 0;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p = words;

	while ((p = strstr(p, word))) {
		if ((p == words || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
		p += len;
	}
	return false;
}

/*
 * One write enables all that this kernel has and that is not enabled yet; asking for one that it
 * lacks would fail as a whole.
 */
static int enable_controllers(const struct cgtree *t, const char *dir, struct errbuf *e)
{
	static const char *const wanted[] = { "cpuset", "cpu", "io", "memory", "pids" };
	char path[FILE_PATH], have[256], on[256], text[64], *p = text;
	size_t i;
	int rc;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	rc = file_read_line(path, have, sizeof(have));
	if (rc < 0)
		return errbuf_set(e, rc, "no cgroup v2 in %s: unable to read %.200s: %s",
				  CGROUP_ROOT, path, strerror(-rc));
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", dir);
	if (file_read_line(path, on, sizeof(on)) < 0)
		on[0] = '\0';
	*p = '\0';
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		if (has_word(have, wanted[i]) && !has_word(on, wanted[i]))
			p += sprintf(p, "+%s ", wanted[i]);
	return *text ? put(t, path, text, e) : 0;
}

/* A directory that is there already is taken: a run that was killed may have left the parent. */
static int make_parent(struct cgtree *t, bool last, struct errbuf *e)
{
	if (mkdir(t->parent, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return errbuf_set(e, -errno, "unable to make %.200s: %s", t->parent,
				  strerror(errno));
	if (!last)
		t->others = strlen(t->parent);
	return 0;
}

int cgroup_setup(struct cgtree *t, const char *name, struct writer *w, struct errbuf *e)
{
	char *end;
	int rc;

	t->writer = w;
	t->others = strlen(CGROUP_ROOT);
	while (*name == '/')
		name++;
	if (snprintf(t->parent, sizeof(t->parent), CGROUP_ROOT "/%s", name) >=
	    (int)sizeof(t->parent))
		return errbuf_set(e, -ENAMETOOLONG, "cgroup parent '%.64s...' is too long", name);
	rc = enable_controllers(t, CGROUP_ROOT, e);
	for (end = t->parent + strlen(CGROUP_ROOT); !rc && *end;) {
		char c;

		end += 1 + strcspn(end + 1, "/");
		c = *end;
		*end = '\0';
		rc = make_parent(t, !c, e);
		if (!rc)
			rc = enable_controllers(t, t->parent, e);
		*end = c;
	}
	return rc;
}

void cgroup_teardown(struct cgtree *t)
{
	char *slash;

	if (!t->parent[0])
		return;
	while (strlen(t->parent) > t->others && rmdir(t->parent) == 0) {
		slash = strrchr(t->parent, '/');
		*slash = '\0';
	}
	t->parent[0] = '\0';
}

static int open_dir(const char *path, int *fd, struct errbuf *e)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? errbuf_set(e, -errno, "unable to open %.200s: %s", path, strerror(errno))
		       : 0;
}

int cgroup_make(const struct cgtree *t, struct cgroup *c, const char *name, struct errbuf *e)
{
	int rc;

	*c = (struct cgroup){ .fd = -1 };
	if (snprintf(c->path, sizeof(c->path), "%s/%s", t->parent, name) >= (int)sizeof(c->path)) {
		c->path[0] = '\0';
		return errbuf_set(e, -ENAMETOOLONG, "cgroup name '%.64s...' is too long", name);
	}
	if (mkdir(c->path, 0755)) {
		rc = errbuf_set(e, -errno, "unable to make %s: %s", c->path, strerror(errno));
		c->path[0] = '\0';
		return rc;
	}
	rc = open_dir(c->path, &c->fd, e);
	if (rc)
		cgroup_remove(c, NULL);
	return rc;
}

struct move {
	const struct cgtree *t;
	const char *to; /* a cgroup.procs */
	int moved;
	struct errbuf *e;
};

static int move_one(void *arg, pid_t pid)
{
	struct move *m = arg;
	char text[16];
	int i, rc;

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (i = 0; i <= BUSY_TRIES; i++) {
		rc = writer_put(m->t->writer, m->to, text, CGROUP_LIMIT);
		if (rc != -EBUSY || i == BUSY_TRIES)
			break;
		m->t->writer->wait(m->t->writer->arg, -1, clock_ns() + BUSY_PAUSE);
	}
	if (rc == -ESRCH)
		return 0;
	m->moved += !rc;
	return rc ? errbuf_set(m->e, rc, "unable to move process %d to %.200s: %s", (int)pid, m->to,
			       strerror(-rc))
		  : 0;
}

/* The processes in one directory: the number visited, or what visit() returned. */
static int each_in(const char *procs, int (*visit)(void *arg, pid_t pid), void *arg,
		   struct errbuf *e)
{
	FILE *f = fopen(procs, "re");
	pid_t *pids = NULL, *more;
	size_t n = 0, cap = 0, i;
	int rc = 0, pid;

	if (!f)
		return errbuf_set(e, -errno, "unable to open %.200s: %s", procs, strerror(errno));
	/* the kernel may show one twice or miss one while the list changes: read it whole first */
	while (fscanf(f, "%d", &pid) == 1) {
		if (n == cap) {
			more = reallocarray(pids, cap + 256, sizeof(*pids));
			if (!more)
				break;
			pids = more;
			cap += 256;
		}
		pids[n++] = pid;
	}
	fclose(f);
	for (i = 0; i < n && !rc; i++)
		rc = visit(arg, pids[i]);
	free(pids);
	return rc ? rc : (int)n;
}

int cgroup_each(const struct cgroup *c, int (*visit)(void *arg, pid_t pid), void *arg,
		struct errbuf *e)
{
	char path[FILE_PATH];

	return each_in(file_of(c, c->inner, "cgroup.procs", path), visit, arg, e);
}

/* Again until it finds none: some may be born while others are moved. */
static int move_all(const struct cgtree *t, const char *from, const char *to, struct errbuf *e)
{
	struct move m = { .t = t, .to = to, .e = e };
	int i, rc = 1;

	for (i = 0; i < MOVE_ROUNDS && rc > 0; i++)
		rc = each_in(from, move_one, &m, e);
	return rc < 0 ? rc : m.moved;
}

int cgroup_move(const struct cgtree *t, const struct cgroup *from, const struct cgroup *to,
		struct errbuf *e)
{
	char a[FILE_PATH], b[FILE_PATH];

	return move_all(t, file_of(from, from->inner, "cgroup.procs", a),
			file_of(to, to->inner, "cgroup.procs", b), e);
}

int cgroup_make_inner(const struct cgtree *t, struct cgroup *c, struct errbuf *e)
{
	char own[FILE_PATH], leaf[FILE_PATH], dir[FILE_PATH];
	int fd, rc;

	if (c->inner)
		return 0;
	snprintf(dir, sizeof(dir), "%s/" CGROUP_LEAF, c->path);
	if (mkdir(dir, 0755))
		return errbuf_set(e, -errno, "unable to make %.200s: %s", dir, strerror(errno));
	rc = open_dir(dir, &fd, e);
	if (rc)
		return rc;
	close(c->fd);
	c->fd = fd;
	c->inner = true;
	rc = move_all(t, file_of(c, false, "cgroup.procs", own),
		      file_of(c, true, "cgroup.procs", leaf), e);
	return rc < 0 ? rc : enable_controllers(t, c->path, e);
}

/* With what is below: the leaf, and what workers and payloads made and left there. */
static int remove_tree(const char *path, int depth)
{
	char below[PATH_MAX];
	struct dirent *d;
	DIR *dir;

	if (rmdir(path) == 0)
		return 0;
	if (depth == DEPTH_MAX)
		return -1;
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_type == DT_DIR && d->d_name[0] != '.' &&
		    snprintf(below, sizeof(below), "%s/%s", path, d->d_name) < (int)sizeof(below))
			remove_tree(below, depth + 1);
	if (dir)
		closedir(dir);
	return rmdir(path);
}

int cgroup_remove(struct cgroup *c, struct errbuf *e)
{
	int rc = 0;

	if (c->fd >= 0)
		close(c->fd);
	if (c->path[0] && remove_tree(c->path, 0))
		rc = errbuf_set(e, -errno, "unable to remove %s: %s", c->path, strerror(errno));
	c->fd = -1;
	c->path[0] = '\0';
	return rc;
}

int cgroup_set(const struct cgtree *t, const struct cgroup *c, const char *file, const char *value,
	       struct errbuf *e)
{
	char path[FILE_PATH];

	return put(t, file_of(c, false, file, path), value, e);
}

int cgroup_get(const struct cgroup *c, const char *file, char *buf, size_t len)
{
	char path[FILE_PATH];

	return file_read_line(file_of(c, false, file, path), buf, len);
}

int cgroup_get_key(const struct cgroup *c, const char *file, const char *key, int dflt)
{
	char path[FILE_PATH], buf[512], *p;
	size_t len = strlen(key);

	if (file_read(file_of(c, false, file, path), buf, sizeof(buf)) < 0)
		return dflt;
	for (p = buf; *p; p = strchrnul(p, '\n'), p += *p == '\n')
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return atoi(p + len);
	return dflt;
}

static int kill_one(void *arg, pid_t pid)
{
	(void)arg;
	kill(pid, SIGKILL);
	return 0;
}

void cgroup_kill(const struct cgroup *c)
{
	char path[FILE_PATH];

	/* kernels before 5.14 have no such file */
	if (file_write(file_of(c, false, "cgroup.kill", path), "1"))
		cgroup_each(c, kill_one, NULL, NULL);
}
