// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types that move tasks between cgroups. They make siblings of their own cgroup, on the same
 * CPUs, named NAME.churn1 and so on: a child of it would have no controllers, and a move would
 * change nothing for the scheduler. The last one to leave a sibling removes it; the parent
 * does so for those that were killed.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpulist.h"
#include "measure/file.h"
#include "wait.h"
#include "work.h"

enum { CHURN_GROUPS, CHURN_CYCLE };
enum { STORM_REAP };
enum { REAP_WAIT, REAP_AUTO };

#define GROUPS_MAX    64
#define CHILDREN_MAX  64 /* that nobody waited for */
#define DIR_LEN       320
#define CHURN_FORMAT  "%s.churn%u"
#define INSIDE_FORMAT "%s/kt.churn%u" /* the root has no siblings */

static const char *const reap_words[] = { "wait", "auto", NULL };

struct moves {
	const char *format;      /* of the siblings' names; NULL: none was made */
	char dir[DIR_LEN];       /* the workers' own cgroup */
	unsigned int siblings;   /* not counting the own one */
	unsigned int at;         /* CgroupChurn: 0 is the own one */
	uint64_t sent;           /* CgroupAttachStorm: when the child ended */
	unsigned int children;   /* of which nobody waited for */
	struct sigaction before; /* of SIGCHLD */
};

static size_t moves_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct moves);
}

static void sibling_path(const struct moves *m, unsigned int i, const char *file,
			 char path[PATH_MAX])
{
	int len = i ? snprintf(path, DIR_LEN + 32, m->format, m->dir, i)
		    : snprintf(path, DIR_LEN, "%s", m->dir);

	if (file)
		snprintf(path + len, 32, "/%s", file);
}

/* The own cgroup's CPUs and nodes, which may have been changed since. */
static void copy_cpuset(const struct moves *m, unsigned int i, const char *file)
{
	char path[PATH_MAX], own[CPULIST_TEXT_MAX], has[CPULIST_TEXT_MAX];

	sibling_path(m, 0, file, path);
	if (file_read_line(path, own, sizeof(own)) < 0)
		return;
	sibling_path(m, i, file, path);
	if (file_read_line(path, has, sizeof(has)) >= 0 && strcmp(own, has) != 0)
		file_write(path, *own ? own : "\n");
}

static int make_sibling(const struct moves *m, unsigned int i)
{
	char path[PATH_MAX];

	sibling_path(m, i, NULL, path);
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	copy_cpuset(m, i, "cpuset.cpus");
	copy_cpuset(m, i, "cpuset.mems");
	return 0;
}

static void remove_siblings(const struct moves *m)
{
	char path[PATH_MAX];
	unsigned int i;

	for (i = 1; m->format && i <= m->siblings; i++) {
		sibling_path(m, i, NULL, path);
		rmdir(path); /* others may still be in there */
	}
}

static int moves_init(struct work *w, unsigned int siblings)
{
	struct moves *m = w->group->shared;
	char path[PATH_MAX];
	unsigned int i;
	int rc = 0;

	if (snprintf(m->dir, sizeof(m->dir), "%s", w->cgroup) >= (int)sizeof(m->dir))
		return -ENAMETOOLONG;
	snprintf(path, sizeof(path), "%s/../cgroup.procs", m->dir);
	m->format = access(path, F_OK) ? INSIDE_FORMAT : CHURN_FORMAT;
	m->siblings = siblings;
	for (i = 1; !rc && i <= siblings; i++)
		rc = make_sibling(m, i);
	return rc;
}

/* By the parent: what a killed worker left. */
static void moves_discard(struct work_group *g)
{
	remove_siblings(g->shared);
}

/* Moves a process (0: this one). Another worker may just have removed the sibling. */
static int enter(const struct moves *m, unsigned int i, pid_t pid)
{
	char path[PATH_MAX], text[16];
	int rc;

	snprintf(text, sizeof(text), "%d", (int)pid);
	sibling_path(m, i, "cgroup.procs", path);
	rc = file_write(path, text);
	if ((rc == -ENOENT || rc == -ENODEV) && i && make_sibling(m, i) == 0)
		rc = file_write(path, text);
	return rc;
}

/* One that has ended is not there to be moved, and its cgroup may be gone with its last worker. */
static void entered(struct work *w, int rc)
{
	if (!rc || rc == -ESRCH || rc == -ENOENT || rc == -ENODEV)
		return;
	errno = -rc;
	work_failed(w, TM_OTHER);
}

static int churn_init(struct work *w)
{
	return moves_init(w, (unsigned int)w->values[CHURN_GROUPS] - 1);
}

static void cgroup_churn(struct work *w)
{
	struct moves *m = w->group->shared;

	work_spin_for(w, (uint64_t)w->values[CHURN_CYCLE]);
	if (work_stopped(w))
		return;
	m->at = (m->at + 1) % (m->siblings + 1);
	if (m->at) {
		copy_cpuset(m, m->at, "cpuset.cpus");
		copy_cpuset(m, m->at, "cpuset.mems");
	}
	entered(w, enter(m, m->at, 0));
	work_checkpoint(w);
}

static void churn_fini(struct work *w)
{
	enter(w->group->shared, 0, 0);
	remove_siblings(w->group->shared);
}

static int storm_init(struct work *w)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct moves *m = w->group->shared;

	if (w->values[STORM_REAP] == REAP_AUTO && sigaction(SIGCHLD, &ignore, &m->before))
		return -errno;
	return moves_init(w, 1);
}

/* Nobody reaps them but the kernel; this only waits until none is left. */
static void await_children(struct work *w)
{
	struct moves *m = w->group->shared;

	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	m->children = 0;
	work_checkpoint(w);
}

/* The child is about to exit, is exiting, or has exited when it is attached. */
static void attach_storm(struct work *w)
{
	struct moves *m = w->group->shared;
	pid_t pid = fork();

	if (pid == 0) {
		__atomic_store_n(&m->sent, clock_ns(), __ATOMIC_RELAXED);
		_exit(0);
	}
	if (pid < 0) {
		work_fork_failed(w);
		return;
	}
	entered(w, enter(m, 1, pid));
	work_checkpoint(w);
	w->tm->work_units++;
	if (w->values[STORM_REAP] == REAP_WAIT)
		work_reap(w, pid, &m->sent);
	else if (++m->children == CHILDREN_MAX)
		await_children(w);
}

static void storm_fini(struct work *w)
{
	struct moves *m = w->group->shared;

	if (w->values[STORM_REAP] == REAP_AUTO) {
		await_children(w);
		sigaction(SIGCHLD, &m->before, NULL);
	}
	remove_siblings(m);
}

const struct work_type work_family_cgroup[] = {
	{ .name = "CgroupChurn",
	  .summary = "spins for cycle in its cgroup, then moves itself to a sibling of it",
	  .group = 1,
	  .moves = true,
	  .params = { [CHURN_GROUPS] = WORK_PARAM_COUNT("groups", 2, 2, GROUPS_MAX),
		      [CHURN_CYCLE] = WORK_PARAM_DURATION("cycle", 100 * NSEC_PER_MSEC) },
	  .ops = { .shared = moves_shared,
		   .discard = moves_discard,
		   .init = churn_init,
		   .iterate = cgroup_churn,
		   .fini = churn_fini } },
	{ .name = "CgroupAttachStorm",
	  .summary = "forks a child that exits at once, and moves it to a sibling cgroup meanwhile",
	  .group = 1,
	  .moves = true,
	  .blocks = true,
	  .processes = true,
	  .params = { [STORM_REAP] = WORK_PARAM_CHOICE("reap", REAP_WAIT, reap_words) },
	  .ops = { .shared = moves_shared,
		   .discard = moves_discard,
		   .init = storm_init,
		   .iterate = attach_storm,
		   .fini = storm_fini } },
	{ .name = NULL },
};
