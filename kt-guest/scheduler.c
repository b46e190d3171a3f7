// SPDX-License-Identifier: GPL-2.0-only
/* The scheduler's process: start, attach, log, sudden end, stop. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "scheduler.h"
#include "telemetry.h"

#define SCX_DIR      "/sys/kernel/sched_ext"
#define LOG_LINES    4096
#define ATTACH_WAIT  (30 * NSEC_PER_SEC) /* loading BPF is slow on a software CPU */
#define ATTACH_TICK  (10 * NSEC_PER_MSEC)
#define WATCH_TICK   (50 * NSEC_PER_MSEC)
#define SAY_WHY_WAIT (3 * NSEC_PER_SEC) /* schedulers look once a second whether they are out */
#define STOP_WAIT    (2 * NSEC_PER_SEC)
#define KILL_WAIT    (5 * NSEC_PER_SEC)

static struct json_object *record(struct sched *s, const char *event, uint64_t ns)
{
	struct json_object *o = rec_new("sched");

	rec_str(o, "name", s->name);
	rec_str(o, "event", event);
	rec_int(o, "guest_ns", (int64_t)ns);
	return o;
}

static void put_text(struct sched *s, const char *event, const char *key, const char *text)
{
	struct json_object *o = record(s, event, tm_now());

	rec_str(o, key, text);
	rec_put(s->out, o);
}

static void log_line(struct sched *s)
{
	s->line[s->len] = '\0';
	if (s->len) {
		snprintf(s->last, sizeof(s->last), "%.*s", SCHED_WORD_MAX, s->line);
		if (strncmp(s->line, "EXIT:", 5) == 0)
			snprintf(s->said, sizeof(s->said), "%.*s", SCHED_WORD_MAX, s->line);
	}
	if (s->lines < LOG_LINES)
		put_text(s, "log", "text", s->line);
	else if (s->lines == LOG_LINES)
		put_text(s, "log", "text", "(further lines of the scheduler are not kept)");
	s->lines++;
	s->len = 0;
}

static void log_bytes(struct sched *s, const char *p, size_t n)
{
	for (; n; p++, n--) {
		if (*p == '\n')
			log_line(s);
		else if (s->len < SCHED_LINE_MAX) /* the rest of a longer line is dropped */
			s->line[s->len++] = *p;
	}
}

/* Takes what is in the pipe now; closes it at its end. */
static void log_read(struct sched *s)
{
	char buf[4096];
	ssize_t n;

	if (s->proc.out < 0)
		return;
	while ((n = read(s->proc.out, buf, sizeof(buf))) > 0)
		log_bytes(s, buf, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (s->len)
		log_line(s);
	close(s->proc.out);
	s->proc.out = -1;
}

static bool enabled(struct sched *s)
{
	char state[16];
	ssize_t n = pread(s->state_fd, state, sizeof(state) - 1, 0);

	state[n > 0 ? n : 0] = '\0';
	return strncmp(state, "enabled", 7) == 0;
}

/* Reaps without blocking: true once the process is gone. */
static bool ended(struct sched *s)
{
	if (s->running && spawn_wait(&s->proc, 0, &s->status) == 0) {
		s->running = false;
		close(s->pidfd);
		s->pidfd = -1;
		log_read(s);
	}
	return !s->running;
}

/* One poll(), until_ns or tick at most: true when fd is readable. */
static bool poll_once(struct sched *s, int fd, uint64_t until_ns, uint64_t tick)
{
	struct pollfd p[3] = { { .fd = fd, .events = POLLIN },
			       { .fd = s->running ? s->pidfd : -1, .events = POLLIN },
			       { .fd = s->proc.out, .events = POLLIN } };
	uint64_t now = tm_now(), left = until_ns > now ? until_ns - now : 0;
	struct timespec ts;

	if (left > tick)
		left = tick;
	ts = (struct timespec){ .tv_sec = (time_t)(left / NSEC_PER_SEC),
				.tv_nsec = (long)(left % NSEC_PER_SEC) };
	if (ppoll(p, 3, &ts, NULL) <= 0)
		return false;
	if (p[2].revents)
		log_read(s);
	return p[0].revents != 0;
}

enum sched_event sched_wait(struct sched *s, int fd, uint64_t until_ns)
{
	bool watch = s->attached && !s->lost_ns;
	bool ready = false;

	while (!ready && tm_now() < until_ns) {
		ready = poll_once(s, fd, until_ns, watch ? WATCH_TICK : UINT64_MAX);
		if (watch && (ended(s) || !enabled(s))) {
			s->lost_ns = tm_now();
			return SCHED_LOST;
		}
	}
	return ready ? SCHED_READY : SCHED_TIME;
}

/* Lets it end by itself until `until_ns`, passing on its log: true when it did. */
static bool wait_end(struct sched *s, uint64_t until_ns)
{
	while (!ended(s) && tm_now() < until_ns)
		poll_once(s, -1, until_ns, UINT64_MAX);
	return !s->running;
}

static void kill_now(struct sched *s)
{
	if (s->running) {
		kill(-s->proc.pid, SIGKILL);
		wait_end(s, tm_now() + KILL_WAIT);
	}
	if (s->pidfd >= 0)
		close(s->pidfd);
	if (s->state_fd >= 0)
		close(s->state_fd);
	s->pidfd = s->state_fd = -1;
	s->running = s->attached = false;
	spawn_close(&s->proc);
}

/* "exit 1" or "signal 11" */
static const char *how(const struct sched *s, char *buf, size_t len)
{
	if (WIFSIGNALED(s->status))
		snprintf(buf, len, "signal %d", WTERMSIG(s->status));
	else
		snprintf(buf, len, "exit %d", WEXITSTATUS(s->status));
	return buf;
}

void sched_lost(struct sched *s)
{
	struct json_object *o;
	char code[32], reason[600];
	bool by_itself = wait_end(s, tm_now() + SAY_WHY_WAIT);

	kill_now(s);
	how(s, code, sizeof(code));
	if (s->said[0])
		snprintf(reason, sizeof(reason), "%s", s->said);
	else if (!by_itself)
		snprintf(reason, sizeof(reason), "the kernel ejected it; its process did not end");
	else
		snprintf(reason, sizeof(reason), "its process ended with %s%s%s", code,
			 WIFEXITED(s->status) && s->last[0] ? ": " : "",
			 WIFEXITED(s->status) ? s->last : "");
	o = record(s, "exit", s->lost_ns);
	rec_str(o, "reason", reason);
	rec_str(o, "exit", code);
	rec_put(s->out, o);
}

void sched_stop(struct sched *s)
{
	if (!s->running)
		return;
	kill(s->proc.pid, SIGINT);
	wait_end(s, tm_now() + STOP_WAIT);
	kill_now(s);
	rec_put(s->out, record(s, "stop", tm_now()));
}

static int failed(struct sched *s, const char *reason)
{
	kill_now(s);
	put_text(s, "failed", "reason", reason);
	return 1;
}

/* 0 or -errno. */
static int spawn(struct sched *s, struct json_object *plan, uint64_t watchdog_ns)
{
	struct json_object *args = rec_get_arr(plan, "args");
	size_t i, n = args ? json_object_array_length(args) : 0;
	const char **argv = calloc(n + 2, sizeof(*argv));
	char timeout[48];
	char *envp[] = { "PATH=/usr/bin:/bin", watchdog_ns ? timeout : NULL, NULL };
	int p[2], rc;
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv, .envp = envp);

	if (!argv || pipe2(p, O_CLOEXEC)) {
		free(argv);
		return -errno;
	}
	snprintf(timeout, sizeof(timeout), "SCX_TIMEOUT_MS=%llu",
		 (unsigned long long)(watchdog_ns / NSEC_PER_MSEC));
	argv[0] = SCHED_BINARY;
	for (i = 0; i < n; i++)
		argv[i + 1] = json_object_get_string(json_object_array_get_idx(args, i));
	o.in = SPAWN_NULL;
	o.out = o.err = p[1];
	rc = spawn_start(&s->proc, &o);
	close(p[1]);
	free(argv);
	if (rc) {
		close(p[0]);
		return rc;
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	s->proc.out = p[0];
	s->pidfd = (int)syscall(SYS_pidfd_open, s->proc.pid, 0);
	s->running = true;
	return 0;
}

static int attach(struct sched *s)
{
	uint64_t end = tm_now() + ATTACH_WAIT;
	char text[600], code[32];

	while (!enabled(s)) {
		if (ended(s)) {
			how(s, code, sizeof(code));
			snprintf(text, sizeof(text), "ended with %s before it attached%s%s", code,
				 s->last[0] ? ": " : "", s->said[0] ? s->said : s->last);
			return failed(s, text);
		}
		if (tm_now() >= end) {
			snprintf(text, sizeof(text), "not attached after %d s",
				 (int)(ATTACH_WAIT / NSEC_PER_SEC));
			return failed(s, text);
		}
		poll_once(s, -1, end, ATTACH_TICK);
	}
	s->attached = true;
	if (file_read_line(SCX_DIR "/root/ops", text, sizeof(text)) < 0)
		text[0] = '\0';
	put_text(s, "attach", "ops", text);
	return 0;
}

void sched_init(struct sched *s, struct json_object *plan, struct rec_out *out)
{
	memset(s, 0, sizeof(*s));
	s->out = out;
	s->name = rec_get_str(plan, "name", "scheduler");
	s->pidfd = s->state_fd = -1;
	s->proc.in = s->proc.out = s->proc.err = -1;
}

int sched_start(struct sched *s, struct json_object *plan, uint64_t watchdog_ns)
{
	struct json_object *o;
	char text[128];
	int rc;

	s->state_fd = open(SCX_DIR "/state", O_RDONLY | O_CLOEXEC);
	if (s->state_fd < 0)
		return failed(s, "this kernel has no sched_ext: " SCX_DIR " is missing");
	rc = spawn(s, plan, watchdog_ns);
	if (rc) {
		snprintf(text, sizeof(text), "unable to run it: %s", strerror(-rc));
		return failed(s, text);
	}
	o = record(s, "start", tm_now());
	rec_int(o, "pid", s->proc.pid);
	rec_put(s->out, o);
	return attach(s);
}
