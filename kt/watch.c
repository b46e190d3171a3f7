// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "units.h"
#include "watch.h"

#define SLICE_MS 100 /* the longest wait without a look at the clock */

int watch_open(struct watch *w, bool show)
{
	sigset_t set;
	int p[2];

	*w = (struct watch){ .said = -1, .err = SPAWN_INHERIT, .progress.on = show };
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signals < 0)
		return -errno;
	if (!show)
		return 0;
	if (pipe2(p, O_CLOEXEC))
		return -errno;
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	w->said = p[0];
	w->err = p[1];
	return 0;
}

void watch_close(struct watch *w)
{
	watch_flush(w);
	close(w->signals);
	if (w->said >= 0) {
		close(w->said);
		close(w->err);
	}
}

static void take_signals(struct watch *w)
{
	struct signalfd_siginfo si;

	while (read(w->signals, &si, sizeof(si)) == sizeof(si))
		if (si.ssi_signo != SIGCHLD) {
			w->signal = (int)si.ssi_signo;
			w->count++;
		}
}

static void pass_on(struct watch *w)
{
	char buf[4096];
	ssize_t n;

	while (w->said >= 0 && (n = read(w->said, buf, sizeof(buf))) > 0) {
		progress_clear(&w->progress);
		fwrite(buf, 1, (size_t)n, stderr);
	}
}

bool watch_wait(struct watch *w, int fd, int timeout_ms)
{
	struct pollfd p[3] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = w->said, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	if (poll(p, 3, timeout_ms) < 0)
		return false;
	if (p[0].revents)
		take_signals(w);
	if (p[1].revents)
		pass_on(w);
	progress_tick(&w->progress);
	return p[2].revents != 0;
}

int watch_child(struct watch *w, struct spawn *s, long timeout_ms, int *status)
{
	uint64_t end = clock_ns() + (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms) * NSEC_PER_MSEC;

	while (spawn_wait(s, 0, status)) {
		if (timeout_ms < 0 && w->signal)
			return -EINTR;
		if (timeout_ms >= 0 && clock_ns() >= end)
			return -ETIMEDOUT;
		watch_wait(w, -1, SLICE_MS);
	}
	return 0;
}

void watch_flush(struct watch *w)
{
	pass_on(w);
	progress_clear(&w->progress);
}
