// SPDX-License-Identifier: GPL-2.0-only
/* Crews as the parent sees them: birth, gate, stop, reaping. Their own side is crew/worker.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "gate.h"
#include "measure/file.h"
#include "onlooker.h"
#include "record.h"
#include "release.h"

#define WORKERS_MAX 65536

struct crew_group {
	struct work_group g;
	bool prepared;
	struct crew_group *next;
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static void *shared_memory(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Makes a group of worker i and its right neighbours, with what their type needs for it. */
static int make_group(struct crew *c, unsigned int i, unsigned int n, struct errbuf *e)
{
	const struct work_type *type = c->type;
	struct crew_group *g = calloc(1, sizeof(*g));
	unsigned int k;
	int rc = 0;

	if (!g)
		return errbuf_set(e, -ENOMEM, "out of memory");
	g->next = c->groups;
	c->groups = g;
	g->g = (struct work_group){ .type = type, .values = c->values, .n = n };
	if (c->group_len)
		g->g.shared = c->group_mem + i / n * c->group_len;
	if (type->ops.prepare)
		rc = type->ops.prepare(&g->g);
	if (rc)
		return errbuf_set(e, rc, "unable to prepare a group of %s: %s", type->name,
				  strerror(-rc));
	g->prepared = true;
	for (k = 0; k < n; k++) {
		c->w[i + k].group = &g->g;
		c->w[i + k].member = k;
	}
	return 0;
}

static void free_groups(struct crew *c)
{
	struct crew_group *g;

	while ((g = c->groups)) {
		c->groups = g->next;
		if (g->prepared && g->g.type->ops.discard)
			g->g.type->ops.discard(&g->g);
		free(g);
	}
	if (c->group_mem)
		munmap(c->group_mem, c->group_room);
}

/* All groups; what they open is what the workers may keep. */
static int make_groups(struct crew *c, unsigned int size, struct errbuf *e)
{
	struct fds before;
	unsigned int i;
	int rc = fds_list(&before);

	if (rc)
		return errbuf_set(e, rc, "unable to read /proc/self/fd: %s", strerror(-rc));
	for (i = 0; i < c->n && !rc; i += size)
		rc = make_group(c, i, size, e);
	if (!rc) {
		rc = fds_list(&c->own);
		if (rc)
			errbuf_set(e, rc, "unable to read /proc/self/fd: %s", strerror(-rc));
		fds_minus(&c->own, &before);
	}
	fds_free(&before);
	return rc;
}

/* What the groups share, in one mapping. */
static int make_group_room(struct crew *c, unsigned int size, struct errbuf *e)
{
	const struct work_type *type = c->type;
	size_t len = type->ops.shared ? type->ops.shared(c->values) : 0;

	if (!len)
		return 0;
	c->group_len = round_up(len, (size_t)sysconf(_SC_PAGESIZE));
	c->group_room = c->n / size * c->group_len;
	c->group_mem = shared_memory(c->group_room);
	return c->group_mem ? 0 : errbuf_set(e, -ENOMEM, "no memory for groups of %s", type->name);
}

/* The type, its values, the attributes: what the plan says. */
static int read_plan(struct crew *c, const struct crew_spec *s, struct errbuf *e)
{
	const char *name;
	int rc;

	c->step = s->step;
	c->group_index = s->group_index;
	c->n = (unsigned int)rec_get_int(s->group, "workers", 0);
	c->params = rec_get_obj(s->group, "work");
	c->cgroup = strdup(s->cgroup);
	name = rec_get_str(c->params, "type", "?");
	c->type = work_type_find(name);
	if (!c->cgroup || !c->type)
		return errbuf_set(e, -EINVAL, "unknown work type '%s'", name);
	if (!c->n || c->n > WORKERS_MAX)
		return errbuf_set(e, -E2BIG, "from 1 to %d workers at once", WORKERS_MAX);
	rc = work_type_values(c->type, c->params, c->values);
	if (rc)
		return errbuf_set(e, rc, "%s: parameters are not as its type has them", name);
	rc = attr_read(&c->attr, s->group, e);
	if (!rc && c->attr.threads && c->type->processes)
		return errbuf_set(e, -EINVAL, "%s works in processes, not in threads", name);
	return rc;
}

static int make_room(struct crew *c, struct errbuf *e)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t head = round_up(sizeof(struct gate) + c->n * sizeof(pid_t), page);
	size_t each = round_up(sizeof(struct telemetry), page); /* touched by who uses it only */
	unsigned int i;

	c->shared_len = head + c->n * each;
	c->gate = shared_memory(c->shared_len);
	c->w = calloc(c->n, sizeof(*c->w));
	if (!c->gate || !c->w)
		return errbuf_set(e, -ENOMEM, "no memory for %u workers", c->n);
	for (i = 0; i < c->n; i++)
		c->w[i].tm = (struct telemetry *)((char *)c->gate + head + i * each);
	return 0;
}

int crew_make(struct crew **crew, const struct crew_spec *s, struct errbuf *e)
{
	struct crew *c = *crew = calloc(1, sizeof(*c));
	unsigned int i, size;
	int rc;

	if (!c)
		return errbuf_set(e, -ENOMEM, "out of memory");
	rc = read_plan(c, s, e);
	if (!rc)
		rc = make_room(c, e);
	if (rc)
		return rc;
	for (i = 0; i < c->n; i++)
		c->w[i].index = s->first + i;
	size = work_type_group(c->type, c->values);
	if (c->n % size)
		return errbuf_set(e, -EINVAL, "%s works in groups of %u, and %u workers make none",
				  c->type->name, size, c->n);
	rc = make_group_room(c, size, e);
	return rc ? rc : make_groups(c, size, e);
}

/* fork() into a cgroup; a kernel without that (before 5.7) gets it in two steps. */
static pid_t fork_into(int cgroup_fd)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid;
	int fd;

	if (cgroup_fd >= 0) {
		args.flags = CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid >= 0 || (errno != ENOSYS && errno != EINVAL && errno != E2BIG))
		return pid;
	pid = fork();
	if (pid == 0 && cgroup_fd >= 0) {
		fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(KT_SYS);
		close(fd);
	}
	return pid;
}

static int spawn_one(struct crew *c, int i, int cgroup_fd, const char *path, int ready_fd,
		     pid_t *pid, struct errbuf *e)
{
	*pid = fork_into(cgroup_fd);
	if (*pid == 0)
		worker_main(c, i, path, ready_fd);
	if (*pid < 0) {
		*pid = 0;
		return errbuf_set(e, -errno, "unable to start a worker in %s: %s", path,
				  strerror(errno));
	}
	return 0;
}

/* Each mapping costs each fork(), and those that are born later have no business in these. */
static void keep_to_itself(const struct crew *c)
{
	madvise(c->gate, c->shared_len, MADV_DONTFORK);
	if (c->group_mem)
		madvise(c->group_mem, c->group_room, MADV_DONTFORK);
}

/* The one who is born later and has: it writes what it sees of those that do not tell. */
static void measure_from_outside(struct crew *c)
{
	madvise(c->gate, c->shared_len, MADV_DOFORK);
	c->onlooker = onlooker_start(c, c->start_ns);
	madvise(c->gate, c->shared_len, MADV_DONTFORK);
}

int crew_spawn(struct crew *c, int cgroup_fd, const char *path, int ready_fd, struct errbuf *e)
{
	int rc = 0;

	if (c->attr.threads) {
		rc = spawn_one(c, -1, cgroup_fd, path, ready_fd, &c->leader, e);
		c->started = rc ? 0 : c->n;
	}
	while (!c->attr.threads && c->started < c->n && !rc) {
		rc = spawn_one(c, (int)c->started, cgroup_fd, path, ready_fd, &c->w[c->started].tid,
			       e);
		c->started += !rc;
	}
	keep_to_itself(c);
	return rc;
}

static unsigned int alive(const struct crew *c)
{
	unsigned int i, n = 0;

	for (i = 0; i < c->started; i++)
		n += !c->w[i].reaped;
	return n;
}

bool crew_ready(const struct crew *c)
{
	return __atomic_load_n(&c->gate->ready, __ATOMIC_ACQUIRE) >= alive(c);
}

/* Moving the sleepers to another futex counts them. */
bool crew_gathered(struct crew *c)
{
	long n = syscall(SYS_futex, &c->gate->open, FUTEX_CMP_REQUEUE, 0, INT32_MAX,
			 &c->gate->start, 0);

	c->asleep += n > 0 ? (unsigned int)n : 0;
	return c->asleep >= alive(c);
}

int crew_failed(const struct crew *c, struct errbuf *e)
{
	uint32_t failed = __atomic_load_n(&c->gate->failed, __ATOMIC_ACQUIRE);

	if (!failed || failed > c->n)
		return 0;
	return errbuf_set(e, c->gate->error, "worker %u of %s (%s): %.*s: %s",
			  c->w[failed - 1].index, c->cgroup, c->type->name, ATTR_WHAT,
			  c->gate->what, strerror(-c->gate->error));
}

static bool schedstat(pid_t pid, uint64_t v[3])
{
	char path[32], buf[96];
	unsigned long long a, b, n;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	if (file_read(path, buf, sizeof(buf)) < 0 || sscanf(buf, "%llu %llu %llu", &a, &b, &n) != 3)
		return false;
	v[0] = a;
	v[1] = b;
	v[2] = n;
	return true;
}

/* Only a process has a clock that others may read; of a thread the kernel's statistics tell. */
static uint64_t cpu_of(const struct crew *c, const struct worker *w, const uint64_t stat[3])
{
	struct timespec ts;
	clockid_t clock;

	if (c->attr.threads)
		return w->schedstat ? stat[0] : 0;
	if (clock_getcpuclockid(w->tid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

void crew_look(struct crew *c, unsigned int *procs)
{
	unsigned int i;

	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];

		if (c->attr.threads)
			w->tid = c->gate->tid[i];
		w->schedstat = schedstat(w->tid, w->sched0);
		w->cpu_ns = cpu_of(c, w, w->sched0);
		if (*procs) {
			procstat_read(w->tid, &w->proc0);
			--*procs;
		}
	}
}

void crew_open(struct crew *c, uint64_t now)
{
	c->open = true;
	c->start_ns = c->gate->opened_ns = now;
	__atomic_store_n(&c->gate->open, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &c->gate->open, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	syscall(SYS_futex, &c->gate->start, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	if (c->type->external)
		measure_from_outside(c);
}

void crew_look_again(struct crew *c)
{
	unsigned int i;
	uint64_t cpu;

	onlooker_stop(&c->onlooker);

	c->stop_ns = clock_ns();
	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];

		w->schedstat = w->schedstat && schedstat(w->tid, w->sched1);
		if (w->proc0.known)
			procstat_read(w->tid, &w->proc1);
		cpu = cpu_of(c, w, w->sched1);
		w->cpu_ns = cpu > w->cpu_ns ? cpu - w->cpu_ns : 0;
	}
}

/* To the whole group of each process, with what it may have started. */
static void signal_all(const struct crew *c, int sig)
{
	unsigned int i;

	if (c->leader)
		kill(-c->leader, sig);
	for (i = 0; !c->attr.threads && i < c->started; i++)
		if (!c->w[i].reaped)
			kill(-c->w[i].tid, sig);
}

void crew_tell(struct crew *c)
{
	__atomic_store_n(&c->gate->stop, 1, __ATOMIC_RELEASE);
}

void crew_continue(const struct crew *c)
{
	signal_all(c, SIGCONT);
}

void crew_stop(struct crew *c)
{
	crew_tell(c);
	if (c->type->external)
		signal_all(c, SIGTERM);
	crew_remind(c);
}

void crew_remind(const struct crew *c)
{
	unsigned int i;

	if (c->type->external) /* once is enough: it may be about to write its results */
		return;
	for (i = 0; i < c->started; i++) {
		const struct worker *w = &c->w[i];

		if (c->leader && w->tid && w->tm->state != TM_DONE)
			syscall(SYS_tgkill, c->leader, w->tid, SIGUSR1);
		else if (!c->attr.threads && !w->reaped)
			kill(w->tid, SIGUSR1);
	}
}

/* All threads end with their leader; one that had come to its end before is none the worse. */
static unsigned int reap_threads(struct crew *c)
{
	unsigned int i;
	int status;

	if (!c->leader)
		return 0;
	if (waitpid(c->leader, &status, WNOHANG) != c->leader)
		return c->started;
	c->leader = 0;
	for (i = 0; i < c->started; i++) {
		bool done = c->w[i].tm->state == TM_DONE;

		c->w[i].reaped = true;
		c->w[i].status = done ? 0 : status;
		c->w[i].killed = c->w[i].killed && !done;
	}
	return 0;
}

unsigned int crew_reap(struct crew *c, bool all)
{
	unsigned int i, left = 0;

	if (c->attr.threads)
		return reap_threads(c);
	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];

		if (!w->reaped && (all || w->tm->state == TM_DONE))
			w->reaped = waitpid(w->tid, &w->status, WNOHANG) == w->tid;
		left += !w->reaped;
	}
	return left;
}

unsigned int crew_left(const struct crew *c, pid_t *pid, unsigned int max)
{
	unsigned int i, n = 0;

	if (c->leader && max)
		pid[n++] = c->leader;
	for (i = 0; !c->attr.threads && i < c->started && n < max; i++)
		if (!c->w[i].reaped)
			pid[n++] = c->w[i].tid;
	return n;
}

void crew_tell_left(const struct crew *c, char *text, size_t size)
{
	size_t len = strlen(text);
	unsigned int n = alive(c), i = 0;
	char where[320];

	while (i < c->started && c->w[i].reaped)
		i++;
	if (n && i < c->started && len < size)
		snprintf(text + len, size - len, "%s%u worker%s of %s (%s), first %u: %s",
			 len ? "; " : "", n, n == 1 ? "" : "s", c->cgroup, c->type->name,
			 c->w[i].index,
			 release_where(c->leader ? c->leader : c->w[i].tid, where, sizeof(where)));
}

static void kill_group(pid_t pid)
{
	if (pid) {
		kill(-pid, SIGKILL); /* with what it may have forked ... */
		kill(pid, SIGKILL);  /* ... and if it never led a group */
	}
}

void crew_kill(struct crew *c)
{
	unsigned int i;

	kill_group(c->leader);
	for (i = 0; i < c->started; i++)
		if (!c->w[i].reaped) {
			c->w[i].killed = true;
			if (!c->attr.threads)
				kill_group(c->w[i].tid);
		}
}

void crew_free(struct crew *c)
{
	onlooker_stop(&c->onlooker);
	free_groups(c);
	fds_free(&c->own);
	if (c->gate)
		munmap(c->gate, c->shared_len);
	free(c->memory);
	free(c->w);
	free(c->cgroup);
	free(c);
}
