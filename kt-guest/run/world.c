// SPDX-License-Identifier: GPL-2.0-only
/* The state of a running test: its beginning and end, waiting, and what is where by name. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cpus.h"
#include "measure/numa.h"
#include "measure/telemetry.h"
#include "world.h"

static void watched_signals(sigset_t *s, bool children)
{
	sigemptyset(s);
	sigaddset(s, SIGINT);
	sigaddset(s, SIGTERM);
	if (children)
		sigaddset(s, SIGCHLD);
}

void world_deafen(struct world *w, bool deaf)
{
	sigset_t watched;

	watched_signals(&watched, !deaf);
	signalfd(w->signal_fd, &watched, 0);
}

static int open_events(struct world *w)
{
	struct epoll_event ev = { .events = EPOLLIN };
	sigset_t watched, blocked;

	watched_signals(&watched, true);
	blocked = watched;
	/* the stop's signal must not kill a worker that never got so far as to handle it */
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	w->events = epoll_create1(EPOLL_CLOEXEC);
	w->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	w->ready_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->events < 0 || epoll_ctl(w->events, EPOLL_CTL_ADD, w->signal_fd, &ev) ||
	    epoll_ctl(w->events, EPOLL_CTL_ADD, w->ready_fd, &ev))
		return -errno;
	return 0;
}

int world_init(struct world *w, struct json_object *plan, const char *parent, struct sched *sched,
	       struct rec_out *out, struct errbuf *e)
{
	int rc;

	*w = (struct world){ .plan = plan, .sched = sched, .out = out, .step = WORLD_BACKDROP };
	w->nodes = numa_nodes();
	writer_init(&w->writer, sched_wait_out, sched);
	w->release.writer = &w->writer;
	rc = open_events(w);
	if (rc)
		return errbuf_set(e, rc, "unable to watch for signals: %s", strerror(-rc));
	rc = payloads_init(&w->payloads, plan, sched, out, w->events, e);
	if (rc)
		return rc;
	return cgroup_setup(&w->tree, parent, &w->writer, e);
}

void world_free(struct world *w)
{
	payloads_free(w->payloads);
	world_hotplug(w, &w->offline, true, NULL);
	writer_stop(&w->writer);
	cgroup_teardown(&w->tree);
	if (w->events >= 0)
		close(w->events);
	if (w->signal_fd >= 0)
		close(w->signal_fd);
	if (w->ready_fd >= 0)
		close(w->ready_fd);
}

bool world_over(const struct world *w)
{
	return w->signo || w->sched->lost_ns || sched_missing(w->sched);
}

/* Waits for time, children, signals, or the scheduler's end. */
static void wait_once(struct world *w, uint64_t until_ns)
{
	struct signalfd_siginfo si;
	uint64_t n;

	if (sched_wait(w->sched, w->events, until_ns) != SCHED_READY)
		return;
	(void)!read(w->ready_fd, &n, sizeof(n));
	while (read(w->signal_fd, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD)
			w->signo = (int)si.ssi_signo;
}

bool world_sleep(struct world *w, uint64_t until_ns)
{
	while (!world_over(w) && clock_ns() < until_ns)
		wait_once(w, until_ns);
	return !world_over(w);
}

bool world_until(struct world *w, bool (*done)(void *arg), void *arg, uint64_t tick_ns,
		 uint64_t until_ns)
{
	uint64_t now;
	bool is;

	while (!(is = done(arg)) && (now = clock_ns()) < until_ns)
		wait_once(w, now + tick_ns < until_ns ? now + tick_ns : until_ns);
	return is;
}

struct home *world_find(const struct world *w, const char *name)
{
	struct home *h = w->homes;

	while (h && strcmp(h->name, name))
		h = h->next;
	return h;
}

int world_get(const struct world *w, const char *name, struct home **h, struct errbuf *e)
{
	*h = world_find(w, name);
	return *h ? 0 : errbuf_set(e, -ENOENT, "there is no cgroup '%s' now", name);
}
