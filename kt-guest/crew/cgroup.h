/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_CGROUP_H
#define KT_GUEST_CREW_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "errbuf.h"
#include "writer.h"

/*
 * Directories of cgroup v2 and their files. All cgroups of a test are below one parent, so
 * that what is left of a run can be found by its name.
 *
 * cgroup v2 allows no processes in a cgroup whose children have controllers. A cgroup that
 * gets children therefore becomes an inner one: the processes that it has, and all that are
 * born or moved into it later, live in CGROUP_LEAF below it. Its own files (cpuset, cpu.max,
 * cgroup.freeze ...) hold for them as for its children; between them and its children the
 * leaf's weights are the kernel's defaults.
 */
#define CGROUP_ROOT  "/sys/fs/cgroup"
#define CGROUP_LEAF  "@leaf" /* no name of a plan has an @ */
#define CGROUP_PATH  520
#define CGROUP_LIMIT (2 * NSEC_PER_SEC) /* for a write */

struct cgtree {
	char parent[256]; /* directory */
	size_t others;    /* length of what was there before, in it */
	struct writer *writer;
};

struct cgroup {
	char path[CGROUP_PATH];
	int fd;     /* the directory that its processes are born into; -1: not there */
	bool inner; /* has a leaf */
};

/* Makes the parent (`name` below CGROUP_ROOT, may be nested) with its controllers. All return
 * 0 or -errno with words in e. */
int cgroup_setup(struct cgtree *t, const char *name, struct writer *w, struct errbuf *e);
/* Removes the parent, if nothing is left in it, and those above it that were made for it. */
void cgroup_teardown(struct cgtree *t);

/* Makes one, below an inner one when the name is nested. */
int cgroup_make(const struct cgtree *t, struct cgroup *c, const char *name, struct errbuf *e);
/* Makes it an inner one, if it is not yet. */
int cgroup_make_inner(const struct cgtree *t, struct cgroup *c, struct errbuf *e);
/* Removes it and its leaf; its processes must be gone. */
int cgroup_remove(struct cgroup *c, struct errbuf *e);

/* One of its files. An empty value clears what can be cleared. */
int cgroup_set(const struct cgtree *t, const struct cgroup *c, const char *file, const char *value,
	       struct errbuf *e);
/* First line, or -errno without words. */
int cgroup_get(const struct cgroup *c, const char *file, char *buf, size_t len);
/* A number of a flat keyed file ("populated" of cgroup.events), or dflt. */
int cgroup_get_key(const struct cgroup *c, const char *file, const char *key, int dflt);

/* Calls visit() for each process of it and its leaf, not of its children. */
int cgroup_each(const struct cgroup *c, int (*visit)(void *arg, pid_t pid), void *arg,
		struct errbuf *e);
/* Moves them to another: the number, or -errno. Those that end meanwhile do not count. */
int cgroup_move(const struct cgtree *t, const struct cgroup *from, const struct cgroup *to,
		struct errbuf *e);
/* SIGKILL to all of it and below, frozen ones too. */
void cgroup_kill(const struct cgroup *c);

#endif
