// SPDX-License-Identifier: GPL-2.0-only
/* Processes: birth, gate, loop, stop, reaping. What they do is in work_*.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "file.h"
#include "work_custom.h"
#include "worker.h"

#define LINE      64                    /* of the cache */
#define GATHER_NS (500 * NSEC_PER_MSEC) /* a worker that died will never sleep */

struct gate {
	_Alignas(LINE) uint32_t open; /* a futex: where workers fall asleep */
	uint32_t start;               /* one more, to which the sleepers are moved */
	uint64_t opened_ns;
	_Alignas(LINE) uint32_t ready;
	_Alignas(LINE) uint32_t stop; /* read all the time: alone in its line */
};

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static size_t tm_size(void)
{
	return round_up(sizeof(struct telemetry), (size_t)sysconf(_SC_PAGESIZE));
}

static size_t tm_offset(void)
{
	return round_up(sizeof(struct gate), (size_t)sysconf(_SC_PAGESIZE));
}

int crew_init(struct crew *c, unsigned int n, struct errbuf *e)
{
	sigset_t chld, both;
	unsigned int i;
	char *shared;

	memset(c, 0, sizeof(*c));
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	/* the stop's signal must not kill a worker that never got so far as to handle it */
	sigemptyset(&both);
	sigaddset(&both, SIGCHLD);
	sigaddset(&both, SIGUSR1);
	sigprocmask(SIG_BLOCK, &both, NULL);
	c->n = n;
	c->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->child_fd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	c->w = calloc(n + 1, sizeof(*c->w));
	c->shared_len = tm_offset() + n * tm_size();
	shared = mmap(NULL, c->shared_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || !c->w || c->ready_fd < 0 || c->child_fd < 0) {
		errbuf_set(e, 0, "unable to make room for %u workers: %s", n, strerror(errno));
		c->gate = NULL;
		return -ENOMEM;
	}
	c->gate = (struct gate *)shared;
	for (i = 0; i < n; i++)
		c->w[i].tm = (struct telemetry *)(shared + tm_offset() + i * tm_size());
	return 0;
}

struct crew_group {
	struct work_group g;
	size_t len; /* of g.shared */
	bool prepared;
	struct crew_group *next;
};

int crew_group(struct crew *c, unsigned int i, unsigned int n, struct errbuf *e)
{
	const struct work_type *type = c->w[i].type;
	struct crew_group *g = calloc(1, sizeof(*g));
	unsigned int k;
	int rc = 0;

	if (!g || i + n > c->n) {
		free(g);
		return errbuf_set(e, -EINVAL, "no room for a group of %u %s workers", n,
				  type->name);
	}
	g->next = c->groups;
	c->groups = g;
	g->g = (struct work_group){ .type = type, .values = c->w[i].values, .n = n };
	g->len = type->ops.shared ? type->ops.shared(g->g.values) : 0;
	if (g->len) {
		g->g.shared = mmap(NULL, g->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
		if (g->g.shared == MAP_FAILED) {
			g->g.shared = NULL;
			return errbuf_set(e, -errno, "no memory for a group of %s: %s", type->name,
					  strerror(errno));
		}
	}
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
		if (g->g.shared)
			munmap(g->g.shared, g->len);
		free(g);
	}
}

/* Only there to interrupt a wait; the stop itself is the flag in shared memory. */
static void on_stop(int sig)
{
	(void)sig;
}

static uint64_t cpu_time(clockid_t clock)
{
	struct timespec ts;

	return clock_gettime(clock, &ts) ? 0 : ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static int get_ready(struct work *w, const struct work_ops *ops, const char *name)
{
	struct sigaction sa = { .sa_handler = on_stop };
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_NAME, name); /* the kernel's dumps name tasks by it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return ops->init ? ops->init(w) : 0;
}

static void wait_at(struct gate *g, unsigned int crew, int ready_fd)
{
	uint64_t one = 1;

	if (__atomic_add_fetch(&g->ready, 1, __ATOMIC_ACQ_REL) == crew)
		(void)!write(ready_fd, &one, sizeof(one));
	while (!__atomic_load_n(&g->open, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &g->open, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static _Noreturn void child(const struct crew *c, const struct worker *me, const char *path)
{
	const struct work_ops *ops = &me->type->ops;
	struct telemetry *t = me->tm;
	struct work w = { .tm = t,
			  .stop = &c->gate->stop,
			  .values = me->values,
			  .params = me->params,
			  .group = me->group,
			  .member = me->member,
			  .index = me->index,
			  .workers = me->ncgroup,
			  .cgroup = path };
	uint64_t cpu;

	if (get_ready(&w, ops, me->cgroup))
		_exit(KT_SYS);
	work_open(&w);
	wait_at(c->gate, c->n, c->ready_fd);
	if (me->type->external)
		work_custom_exec(&w);
	cpu = cpu_time(CLOCK_PROCESS_CPUTIME_ID);
	work_begin(&w, c->gate->opened_ns, (uint64_t)(me - c->w) + 1);
	while (!work_stopped(&w)) {
		ops->iterate(&w);
		t->iterations++;
	}
	t->cpu_ns = cpu_time(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	work_end(&w);
	if (ops->fini)
		ops->fini(&w);
	__atomic_store_n(&t->state, TM_DONE, __ATOMIC_RELEASE);
	_exit(0);
}

/* fork() into a cgroup; a kernel without that (before 5.7) gets it in two steps. */
static pid_t fork_into(const struct cgroup *cg)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)cg->fd };
	char path[320];
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid >= 0 || (errno != ENOSYS && errno != EINVAL && errno != E2BIG))
		return pid;
	pid = fork();
	if (pid == 0) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", cg->path);
		if (file_write(path, "0"))
			_exit(KT_SYS);
	}
	return pid;
}

int crew_spawn(struct crew *c, unsigned int n, const struct cgroup *cg, struct errbuf *e)
{
	for (; n; n--) {
		struct worker *w = &c->w[c->started];

		w->tid = fork_into(cg);
		if (w->tid == 0)
			child(c, w, cg->path);
		if (w->tid < 0) {
			w->tid = 0;
			return errbuf_set(e, -errno, "unable to start a worker in %s: %s", cg->path,
					  strerror(errno));
		}
		c->started++;
	}
	return 0;
}

int crew_ready_fd(const struct crew *c)
{
	return c->ready_fd;
}

int crew_child_fd(const struct crew *c)
{
	return c->child_fd;
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

static uint64_t cpu_of(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) ? 0 : cpu_time(clock);
}

/*
 * Waits until all are asleep: only then do all start by a wake-up, and at the same
 * time. Moving the sleepers to another futex counts them.
 */
static void gather(struct crew *c)
{
	const struct timespec nap = { .tv_nsec = 500 * NSEC_PER_USEC };
	uint64_t end = tm_now() + GATHER_NS;
	unsigned int asleep = 0;

	for (;;) {
		long n = syscall(SYS_futex, &c->gate->open, FUTEX_CMP_REQUEUE, 0, INT32_MAX,
				 &c->gate->start, 0);

		asleep += n > 0 ? (unsigned int)n : 0;
		if (asleep >= c->started || tm_now() > end)
			break;
		nanosleep(&nap, NULL);
	}
}

void crew_start(struct crew *c)
{
	unsigned int i;

	gather(c);
	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];

		w->schedstat = schedstat(w->tid, w->sched0);
		if (i < CREW_PROC)
			procstat_read(w->tid, &w->proc0);
		w->cpu_ns = cpu_of(w->tid);
	}
	c->start_ns = c->gate->opened_ns = tm_now();
	__atomic_store_n(&c->gate->open, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &c->gate->open, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	syscall(SYS_futex, &c->gate->start, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void read_at_stop(struct crew *c)
{
	unsigned int i;

	c->stop_ns = tm_now();
	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];
		uint64_t cpu = cpu_of(w->tid);

		w->schedstat = w->schedstat && schedstat(w->tid, w->sched1);
		if (w->proc0.known)
			procstat_read(w->tid, &w->proc1);
		w->cpu_ns = cpu > w->cpu_ns ? cpu - w->cpu_ns : 0;
	}
	__atomic_store_n(&c->gate->stop, 1, __ATOMIC_RELEASE);
}

void crew_stop(struct crew *c)
{
	unsigned int i;

	bool first = !c->stop_ns;

	if (first)
		read_at_stop(c);
	for (i = 0; i < c->started; i++)
		if (c->w[i].reaped)
			continue;
		else if (!c->w[i].type->external)
			kill(c->w[i].tid, SIGUSR1);
		else if (first) /* once: it may be about to write its results */
			kill(-c->w[i].tid, SIGTERM);
}

unsigned int crew_reap(struct crew *c)
{
	struct signalfd_siginfo si;
	unsigned int i, left = 0;

	while (read(c->child_fd, &si, sizeof(si)) > 0)
		;
	for (i = 0; i < c->started; i++) {
		struct worker *w = &c->w[i];

		if (!w->reaped)
			w->reaped = waitpid(w->tid, &w->status, WNOHANG) == w->tid;
		left += !w->reaped;
	}
	return left;
}

void crew_kill(struct crew *c)
{
	unsigned int i;

	for (i = 0; i < c->started; i++)
		if (!c->w[i].reaped) {
			c->w[i].killed = true;
			kill(-c->w[i].tid, SIGKILL); /* with what it may have forked ... */
			kill(c->w[i].tid, SIGKILL);  /* ... and if it never led a group */
		}
}

void crew_free(struct crew *c)
{
	free_groups(c);
	if (c->gate)
		munmap(c->gate, c->shared_len);
	free(c->w);
	if (c->ready_fd >= 0)
		close(c->ready_fd);
	if (c->child_fd >= 0)
		close(c->child_fd);
	memset(c, 0, sizeof(*c));
	c->ready_fd = c->child_fd = -1;
}
