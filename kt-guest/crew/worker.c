// SPDX-License-Identifier: GPL-2.0-only
/* The worker itself: it gets ready, waits at the gate, works until the stop. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exit.h"
#include "gate.h"
#include "work/custom.h"

#define STACK (256 << 10) /* of a thread */

/* One thread of a leader. */
struct seat {
	const struct crew *crew;
	int i;
	const char *path;
	int ready_fd;
	pthread_t thread;
};

/* Only there to interrupt a wait; the stop itself is the flag in shared memory. */
static void on_signal(int sig)
{
	(void)sig;
}

/* Whatever its work does, no record can come of it. */
static void leave_behind(const struct crew *c, int ready_fd)
{
	int null;

	fds_close_others(&c->own, ready_fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(KT_SYS);
	close(null);
}

/* Of the whole process. */
static void settle_in(const char *comm)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_NAME, comm); /* the kernel's dumps name tasks by it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL); /* what a test's "signal" may send to a cgroup */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Says why, for the parent to tell, unless another was first; ends the process. */
static _Noreturn void fail(struct gate *g, int i, int rc, const char *what)
{
	uint32_t none = 0;

	if (__atomic_compare_exchange_n(&g->failed, &none, UINT32_MAX, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		g->error = rc;
		memcpy(g->what, what, sizeof(g->what));
		__atomic_store_n(&g->failed, (uint32_t)i + 1, __ATOMIC_RELEASE);
	}
	_exit(KT_SYS);
}

static void get_ready(const struct crew *c, int i, struct work *w)
{
	char what[ATTR_WHAT] = "getting ready";
	int rc = attr_apply(&c->attr, c->w[i].index, what);

	if (!rc && c->type->ops.init)
		rc = c->type->ops.init(w);
	if (rc)
		fail(c->gate, i, rc, what);
	work_open(w);
	rc = attr_apply_ids(&c->attr, what);
	if (rc)
		fail(c->gate, i, rc, what);
	if (!c->attr.threads)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a new uid has cleared it */
}

static void wait_at(struct gate *g, unsigned int crew, int ready_fd)
{
	uint64_t one = 1;

	if (__atomic_add_fetch(&g->ready, 1, __ATOMIC_ACQ_REL) == crew)
		(void)!write(ready_fd, &one, sizeof(one));
	while (!__atomic_load_n(&g->open, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &g->open, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static uint64_t cpu_time(const struct crew *c)
{
	struct timespec ts;

	return clock_gettime(c->attr.threads ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID,
			     &ts)
		       ? 0
		       : ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

static void work(const struct crew *c, int i, const char *path, int ready_fd)
{
	const struct work_ops *ops = &c->type->ops;
	const struct worker *me = &c->w[i];
	struct telemetry *t = me->tm;
	struct work w = { .tm = t,
			  .stop = &c->gate->stop,
			  .values = c->values,
			  .params = c->params,
			  .group = me->group,
			  .member = me->member,
			  .index = (unsigned int)i,
			  .workers = c->n,
			  .cgroup = path };
	uint64_t cpu;

	get_ready(c, i, &w);
	cpu = cpu_time(c); /* it counts from the gate, as the time does */
	wait_at(c->gate, c->n, ready_fd);
	if (!c->attr.threads) /* these share it */
		close(ready_fd);
	if (c->type->external)
		work_custom_exec(&w);
	work_begin(&w, c->gate->opened_ns, (uint64_t)me->index + 1);
	while (!work_stopped(&w)) {
		ops->iterate(&w);
		t->iterations++;
	}
	t->cpu_ns = cpu_time(c) - cpu;
	work_end(&w);
	if (ops->fini)
		ops->fini(&w);
	__atomic_store_n(&t->state, TM_DONE, __ATOMIC_RELEASE);
}

static void *thread(void *arg)
{
	const struct seat *s = arg;

	prctl(PR_SET_NAME, s->crew->cgroup);
	s->crew->gate->tid[s->i] = (pid_t)syscall(SYS_gettid);
	work(s->crew, s->i, s->path, s->ready_fd);
	return NULL;
}

static _Noreturn void lead(const struct crew *c, const char *path, int ready_fd)
{
	struct seat *seat = calloc(c->n, sizeof(*seat));
	char what[ATTR_WHAT] = "starting threads";
	pthread_attr_t a;
	unsigned int i;
	int rc = seat ? 0 : -ENOMEM;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	for (i = 0; i < c->n && !rc; i++) {
		seat[i] =
			(struct seat){ .crew = c, .i = (int)i, .path = path, .ready_fd = ready_fd };
		rc = -pthread_create(&seat[i].thread, &a, thread, &seat[i]);
	}
	if (rc)
		fail(c->gate, (int)i, rc, what);
	for (i = 0; i < c->n; i++)
		pthread_join(seat[i].thread, NULL);
	_exit(0);
}

_Noreturn void worker_main(const struct crew *c, int i, const char *path, int ready_fd)
{
	leave_behind(c, ready_fd);
	if (i < 0) {
		settle_in(c->attr.pcomm ? c->attr.pcomm : c->cgroup);
		lead(c, path, ready_fd);
	}
	settle_in(c->cgroup);
	work(c, i, path, ready_fd);
	_exit(0);
}
