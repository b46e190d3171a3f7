// SPDX-License-Identifier: GPL-2.0-only
/* Finds and makes the cgroup that a run on this host lives in, and removes it. */
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "cpulist.h"
#include "crew/cgroup.h"
#include "exit.h"
#include "measure/file.h"
#include "record.h"
#include "units.h"

#define DEPTH_MAX   16
#define EMPTY_TRIES 200 /* of 10 ms: how long killed processes may take to be gone */
#define MOVE_ROUNDS 20

static bool join(char *buf, const char *dir, const char *name)
{
	return snprintf(buf, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

/* Field 22 of /proc/PID/stat, when the process started; 0 if there is none that lives. */
static unsigned long long start_of(long pid)
{
	char path[64], text[1024], state, *p;
	unsigned long long start = 0;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ')'); /* its name may hold anything */
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			 "%*d %*d %llu",
			 &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

/* Process ids mean nothing without it: a container's 7 is another one than the host's. */
static unsigned long long pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

/* The own cgroup, below the root: "" for the root itself. */
static int own_cgroup(char *buf, size_t size)
{
	char text[PATH_MAX + 64], *p, *end;

	if (file_read("/proc/self/cgroup", text, sizeof(text)) <= 0)
		return -ENOENT;
	for (p = text; p && strncmp(p, "0::", 3) != 0;
	     p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		;
	if (!p)
		return -ENOENT;
	p += 3;
	end = strchrnul(p, '\n');
	*end = '\0';
	if (strcmp(p, "/") == 0)
		p++;
	snprintf(buf, size, "%s", p);
	return 0;
}

static bool writable(const char *dir)
{
	char path[PATH_MAX];

	return access(dir, W_OK) == 0 && join(path, dir, "cgroup.procs") &&
	       access(path, W_OK) == 0 && join(path, dir, "cgroup.subtree_control") &&
	       access(path, W_OK) == 0;
}

/* Only the root of the machine's hierarchy may have processes beside children. */
static bool is_root(const char *dir)
{
	char path[PATH_MAX];

	return join(path, dir, "cgroup.type") && access(path, F_OK) != 0;
}

int host_cgroup_find(struct host_cgroup *h, struct errbuf *e)
{
	char own[PATH_MAX];
	struct statfs fs;

	if (statfs(CGROUP_ROOT, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return errbuf_set(e, KT_HOST, "no cgroup v2 in %s", CGROUP_ROOT);
	if (own_cgroup(own, sizeof(own)))
		return errbuf_set(e, KT_HOST, "/proc/self/cgroup names no cgroup v2");
	snprintf(h->home, sizeof(h->home), "%s%.3000s", CGROUP_ROOT, own);
	snprintf(h->base, sizeof(h->base), "%s", CGROUP_ROOT);
	if (!writable(h->base))
		memcpy(h->base, h->home, sizeof(h->base));
	if (!writable(h->base))
		return errbuf_set(e, KT_HOST,
				  "no cgroup to run in: %.300s is not ours to write to "
				  "(run as root, or in a scope of its own: systemd-run --user "
				  "--scope -p Delegate=yes kt run ...)",
				  h->base);
	h->vacate = !is_root(h->base);
	if (snprintf(h->dir, sizeof(h->dir), "%.3000s/kt.%llu-%d-%llu", h->base, pid_namespace(),
		     (int)getpid(), start_of(getpid())) >= 256)
		return errbuf_set(e, KT_HOST, "the path of the cgroup %.100s... is too long",
				  h->base);
	return 0;
}

bool host_cgroup_has(const struct host_cgroup *h, const char *controller)
{
	char path[PATH_MAX], have[512], *word, *save;

	if (!join(path, h->base, "cgroup.controllers") ||
	    file_read_line(path, have, sizeof(have)) < 0)
		return false;
	for (word = strtok_r(have, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, controller) == 0)
			return true;
	return false;
}

static int write_in(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];

	return join(path, dir, file) ? file_write(path, text) : -ENAMETOOLONG;
}

/* Moves all processes of one to the other: how many, or -errno of the last that would not. */
static int move_all(const char *from, const char *to)
{
	char path[PATH_MAX], pid[32];
	int round, seen = 1, moved = 0, rc = 0;
	FILE *f;

	if (!join(path, from, "cgroup.procs"))
		return -ENAMETOOLONG;
	for (round = 0; seen && round < MOVE_ROUNDS; round++) {
		f = fopen(path, "re");
		for (seen = 0; f && fgets(pid, sizeof(pid), f); seen++) {
			rc = write_in(to, "cgroup.procs", pid);
			moved += !rc;
		}
		if (f)
			fclose(f);
	}
	return seen && rc ? rc : moved;
}

static void self_of(const struct host_cgroup *h, char *buf)
{
	snprintf(buf, PATH_MAX, "%.4000s.self", h->dir);
}

/* Takes all controllers back from the children, so that processes may live here again. */
static void withdraw(const char *dir)
{
	char path[PATH_MAX], on[512], word[64], *name, *save;

	if (!join(path, dir, "cgroup.subtree_control") || file_read_line(path, on, sizeof(on)) < 0)
		return;
	for (name = strtok_r(on, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		snprintf(word, sizeof(word), "-%.60s", name);
		file_write(path, word);
	}
}

static int enable(const char *dir, const char *name)
{
	char word[64];

	snprintf(word, sizeof(word), "+%.60s", name);
	return write_in(dir, "cgroup.subtree_control", word);
}

/* With cpusets the kernel keeps all of the run to its CPUs, else its affinity does. */
static int bind_cpus(const struct host_cgroup *h, const char *cpus, struct errbuf *e)
{
	struct cpulist l;
	cpu_set_t set;
	int cpu, rc;

	if (host_cgroup_has(h, "cpuset")) {
		rc = enable(h->base, "cpuset");
		if (!rc)
			rc = write_in(h->dir, "cpuset.cpus", cpus);
		return rc ? errbuf_set(e, KT_SYS, "unable to keep %s to the CPUs %s: %s", h->dir,
				       cpus, strerror(-rc))
			  : 0;
	}
	CPU_ZERO(&set);
	if (cpulist_parse(cpus, &l, e) == 0)
		for (cpu = -1; (cpu = cpulist_next(&l, cpu)) >= 0;)
			CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	return 0;
}

int host_cgroup_enter(struct host_cgroup *h, const char *cpus, const char **parent,
		      struct errbuf *e)
{
	char self[PATH_MAX], in[PATH_MAX];
	int rc;

	self_of(h, self);
	if (h->vacate) {
		rc = mkdir(self, 0755) ? -errno : move_all(h->base, self);
		if (rc < 0)
			return errbuf_set(e, KT_SYS, "unable to clear the way in %s: %s", h->base,
					  strerror(-rc));
	}
	if (mkdir(h->dir, 0755))
		return errbuf_set(e, KT_SYS, "unable to make %s: %s", h->dir, strerror(errno));
	rc = bind_cpus(h, cpus, e);
	if (rc)
		return rc;
	if (!join(in, h->dir, "@self") || mkdir(in, 0755))
		return errbuf_set(e, KT_SYS, "unable to make %s: %s", in, strerror(errno));
	rc = write_in(in, "cgroup.procs", "0");
	if (rc)
		return errbuf_set(e, KT_SYS, "unable to enter %s: %s", in, strerror(-rc));
	*parent = h->dir + strlen(CGROUP_ROOT) + 1;
	return 0;
}

/* Removes a cgroup with all below it, children first. */
static int remove_tree(const char *path, int depth)
{
	char below[PATH_MAX];
	struct dirent *d;
	DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;

	while (dir && (d = readdir(dir)))
		if (d->d_type == DT_DIR && d->d_name[0] != '.' && join(below, path, d->d_name))
			remove_tree(below, depth + 1);
	if (dir)
		closedir(dir);
	return rmdir(path) && errno != ENOENT ? -errno : 0;
}

/* What waited outside comes back. */
static void move_back(const char *base, const char *self)
{
	if (access(self, F_OK))
		return;
	withdraw(base);
	move_all(self, base);
	rmdir(self);
}

void host_cgroup_leave(struct host_cgroup *h)
{
	char self[PATH_MAX];

	self_of(h, self);
	write_in(h->vacate ? self : h->home, "cgroup.procs", "0");
	remove_tree(h->dir, 0);
	if (h->vacate)
		move_back(h->base, self);
}

struct clean {
	host_clean_fn *fn;
	void *arg;
	int found;
};

/* Is it the cgroup of a run whose process is gone? "kt.NS-PID-START" or the same with ".self". */
static bool is_left(const char *name, bool *self)
{
	unsigned long long ns, start;
	char rest[16] = "";
	long pid;
	int n;

	n = sscanf(name, "kt.%llu-%ld-%llu%15s", &ns, &pid, &start, rest);
	*self = strcmp(rest, ".self") == 0;
	if (n < 3 || (rest[0] && !*self) || ns != pid_namespace())
		return false;
	return start_of(pid) != start;
}

static int count_procs(const char *dir, int depth)
{
	char path[PATH_MAX], line[32];
	struct dirent *d;
	int n = 0;
	FILE *f;
	DIR *dp;

	f = join(path, dir, "cgroup.procs") ? fopen(path, "re") : NULL;
	while (f && fgets(line, sizeof(line), f))
		n++;
	if (f)
		fclose(f);
	dp = depth < DEPTH_MAX ? opendir(dir) : NULL;
	while (dp && (d = readdir(dp)))
		if (d->d_type == DT_DIR && d->d_name[0] != '.' && join(path, dir, d->d_name))
			n += count_procs(path, depth + 1);
	if (dp)
		closedir(dp);
	return n;
}

static void end_run(struct clean *c, const char *path)
{
	const struct timespec tick = { .tv_nsec = 10 * NSEC_PER_MSEC };
	int killed = count_procs(path, 0), i, rc;

	/* frozen ones die, too */
	write_in(path, "cgroup.kill", "1");
	for (i = 0; i < EMPTY_TRIES && count_procs(path, 0); i++)
		nanosleep(&tick, NULL);
	rc = remove_tree(path, 0);
	c->found++;
	c->fn(c->arg, path, killed, rc);
}

static void clean_dir(struct clean *c, const char *dir, int depth)
{
	char path[PATH_MAX];
	struct dirent *d;
	DIR *dp = depth < DEPTH_MAX ? opendir(dir) : NULL;
	bool self;

	while (dp && (d = readdir(dp))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.' || !join(path, dir, d->d_name))
			continue;
		if (!is_left(d->d_name, &self))
			clean_dir(c, path, depth + 1);
		else if (self)
			move_back(dir, path);
		else
			end_run(c, path);
	}
	if (dp)
		closedir(dp);
}

int host_cgroup_clean(host_clean_fn *fn, void *arg)
{
	struct clean c = { .fn = fn, .arg = arg };

	clean_dir(&c, CGROUP_ROOT, 0);
	return c.found;
}
