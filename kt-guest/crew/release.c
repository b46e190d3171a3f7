// SPDX-License-Identifier: GPL-2.0-only
/* Lifts quotas and thaws cgroups, so that workers can run to their end. */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "measure/file.h"
#include "release.h"
#include "units.h"

#define DEPTH_MAX 8
#define WEIGHT    10 /* of cpu.weight; the default is 100 */
#define BOOST     50 /* as high as the guest's own, which share the CPU with it by turns */
#define PATH_ROOM (CGROUP_PATH + 256)

struct lifted {
	struct lifted *next;
	char dir[PATH_ROOM], max[64];
};

static const char *file_in(const char *dir, const char *name, char path[PATH_ROOM + 32])
{
	snprintf(path, PATH_ROOM + 32, "%s/%s", dir, name);
	return path;
}

static void remember(struct release *r, const char *dir, const char *max)
{
	struct lifted *l = calloc(1, sizeof(*l));

	if (!l)
		return;
	snprintf(l->dir, sizeof(l->dir), "%s", dir);
	snprintf(l->max, sizeof(l->max), "%s", max);
	l->next = r->lifted;
	r->lifted = l;
}

void release_quota(struct release *r, const char *dir)
{
	char path[PATH_ROOM + 32], text[64];

	if (file_read_line(file_in(dir, "cpu.max", path), text, sizeof(text)) > 0 &&
	    strncmp(text, "max", 3) != 0 && !writer_put(r->writer, path, "max", CGROUP_LIMIT))
		remember(r, dir, text);
}

static void lift(struct release *r, const char *dir)
{
	char path[PATH_ROOM + 32];

	release_quota(r, dir);
	if (file_read_int(file_in(dir, "cgroup.freeze", path), 0) == 1)
		writer_put(r->writer, path, "0", CGROUP_LIMIT);
}

static void lift_below(struct release *r, const char *dir, int depth)
{
	char below[PATH_ROOM];
	struct dirent *d;
	DIR *list = depth < DEPTH_MAX ? opendir(dir) : NULL;

	while (list && (d = readdir(list))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.' ||
		    snprintf(below, sizeof(below), "%s/%s", dir, d->d_name) >= (int)sizeof(below))
			continue;
		lift(r, below);
		lift_below(r, below, depth + 1);
	}
	if (list)
		closedir(list);
}

void release_cgroup(struct release *r, const char *dir, bool below)
{
	char path[PATH_ROOM];

	if (snprintf(path, sizeof(path), "%s", dir) >= (int)sizeof(path))
		return;
	if (below)
		lift_below(r, path, 0);
	while (strlen(path) > strlen(CGROUP_ROOT)) {
		lift(r, path);
		*strrchr(path, '/') = '\0';
	}
}

/* The directory of a process's cgroup; false when it is gone. */
static bool directory_of(pid_t pid, char dir[PATH_ROOM])
{
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return false;
	at = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!at)
		return false;
	at = strchr(at, '/');
	if (!at)
		return false;
	*strchrnul(at, '\n') = '\0';
	return snprintf(dir, PATH_ROOM, CGROUP_ROOT "%s", at) < PATH_ROOM;
}

void release_process(struct release *r, pid_t pid)
{
	char dir[PATH_ROOM];

	if (directory_of(pid, dir))
		release_cgroup(r, dir, false);
}

void release_end(struct release *r)
{
	char path[PATH_ROOM + 32];
	struct lifted *l;

	while ((l = r->lifted)) {
		r->lifted = l->next;
		writer_put(r->writer, file_in(l->dir, "cpu.max", path), l->max, CGROUP_LIMIT);
		free(l);
	}
}

bool release_is_light(pid_t pid)
{
	char dir[PATH_ROOM], path[PATH_ROOM + 32];
	bool light = (sched_getscheduler(pid) & ~SCHED_RESET_ON_FORK) == SCHED_IDLE;

	if (light || !directory_of(pid, dir))
		return light;
	while (!light && strlen(dir) > strlen(CGROUP_ROOT)) {
		light = file_read_int(file_in(dir, "cpu.idle", path), 0) == 1 ||
			file_read_int(file_in(dir, "cpu.weight", path), 100) < WEIGHT;
		*strrchr(dir, '/') = '\0';
	}
	return light;
}

void release_boost(pid_t pid)
{
	struct sched_param p = { .sched_priority = BOOST };
	struct dirent *d;
	char path[64];
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	list = opendir(path);
	while (list && (d = readdir(list)))
		if (atoi(d->d_name) > 0)
			sched_setscheduler(atoi(d->d_name), SCHED_RR | SCHED_RESET_ON_FORK, &p);
	if (list)
		closedir(list);
}

const char *release_where(pid_t pid, char *buf, size_t len)
{
	static const char letters[] = "RSDTtZ";
	static const char *const words[] = { "runnable", "asleep", "in the kernel",
					     "stopped",  "traced", "dead, and not reaped" };
	char path[64], text[1024], dir[PATH_ROOM] = CGROUP_ROOT, *p = NULL;
	const char *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, text, sizeof(text)) > 0)
		p = strrchr(text, ')');
	if (!p || p[1] != ' ' || !p[2]) {
		snprintf(buf, len, "gone");
		return buf;
	}
	at = strchr(letters, p[2]);
	directory_of(pid, dir);
	snprintf(buf, len, "state %c%s%s%s in %.200s", p[2], at ? " (" : "",
		 at ? words[at - letters] : "", at ? ")" : "", dir + strlen(CGROUP_ROOT));
	return buf;
}
