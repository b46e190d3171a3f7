// SPDX-License-Identifier: GPL-2.0-only
/* The scheduler under test: start, attach, log, sudden end, stop. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure/file.h"
#include "measure/observer.h"
#include "measure/telemetry.h"
#include "sched_prepare.h"
#include "scheduler.h"

#define SCX_DIR      "/sys/kernel/sched_ext"
#define LOG_LINES    4096
#define ATTACH_WAIT  (30 * NSEC_PER_SEC)  /* in which it does not compute, */
#define ATTACH_MOST  (150 * NSEC_PER_SEC) /* and in all: a busy host loads BPF slowly */
#define ATTACH_TICK  (10 * NSEC_PER_MSEC)
#define WATCH_TICK   (50 * NSEC_PER_MSEC)
#define RESTART_WAIT (5 * NSEC_PER_SEC)
#define SAY_WHY_WAIT (3 * NSEC_PER_SEC) /* schedulers look once a second whether they are out */
#define STOP_WAIT    (2 * NSEC_PER_SEC)
#define SHELL_WAIT   (10 * NSEC_PER_SEC)
#define PIPE_SIZE    (1 << 20)
/* what is read of its log in a tick */
#define LOG_TICK       (50 * NSEC_PER_MSEC)
#define LOG_TICK_LINES 4
#define LOG_TICK_BYTES (1 << 10)
#define KILL_WAIT      (5 * NSEC_PER_SEC)

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
	struct json_object *o = record(s, event, clock_ns());

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

/* True when a line was put into a record for it. */
static bool log_char(struct sched *s, char c)
{
	bool put = c == '\n' && s->lines <= LOG_LINES;

	if (c == '\n')
		log_line(s);
	else if (s->len < SCHED_LINE_MAX) /* the rest of a longer line is dropped */
		s->line[s->len++] = c;
	return put;
}

/* More of the log: false when there is none now. Closes the pipe at its end. */
static bool log_more(struct sched *s)
{
	ssize_t n = s->proc.out < 0 ? 0 : read(s->proc.out, s->in, sizeof(s->in));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	s->in_at = 0;
	s->in_len = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return true;
	if (s->len)
		log_line(s);
	if (s->proc.out >= 0)
		close(s->proc.out);
	s->proc.out = -1;
	return false;
}

/* Takes what is there now, no more than so many lines and bytes. */
static void log_take(struct sched *s, unsigned int lines, size_t bytes)
{
	for (; lines && bytes; bytes--) {
		if (s->in_at == s->in_len && !log_more(s))
			return;
		lines -= log_char(s, s->in[s->in_at++]);
	}
}

/*
 * Until it is told to end or has ended, a scheduler that floods its log waits for us: what we read
 * of it and make into records would otherwise take the CPU from those that are measured.
 */
static void log_read(struct sched *s)
{
	uint64_t cost = observer_cpu();

	if (!s->ending) {
		log_take(s, LOG_TICK_LINES, LOG_TICK_BYTES);
		s->log_ns = clock_ns() + observer_rest(observer_cpu() - cost, LOG_TICK);
	} else {
		log_take(s, UINT_MAX, PIPE_SIZE);
	}
}

static bool enabled(const struct sched *s)
{
	char state[16];
	ssize_t n = s->state_fd < 0 ? 0 : pread(s->state_fd, state, sizeof(state) - 1, 0);

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
		s->ending = true;
		log_read(s);
	}
	return !s->running;
}

/* One poll(), until_ns or tick at most: true when fd is readable. */
static bool poll_once(struct sched *s, int fd, uint64_t until_ns, uint64_t tick)
{
	uint64_t now = clock_ns(), left = until_ns > now ? until_ns - now : 0;
	bool hear = now >= s->log_ns || s->ending, more = s->in_at < s->in_len;
	struct pollfd p[4] = { { .fd = fd, .events = POLLIN },
			       { .fd = s->running ? s->pidfd : -1, .events = POLLIN },
			       { .fd = hear ? s->proc.out : -1, .events = POLLIN },
			       { .fd = s->aux_fd, .events = POLLIN } };
	struct timespec ts;

	if (left > tick)
		left = tick;
	if (hear && more)
		left = 0;
	else if ((more || s->proc.out >= 0) && !hear && left > s->log_ns - now)
		left = s->log_ns - now;
	observer_note();
	ts = (struct timespec){ .tv_sec = (time_t)(left / NSEC_PER_SEC),
				.tv_nsec = (long)(left % NSEC_PER_SEC) };
	if (ppoll(p, 4, &ts, NULL) < 0)
		return false;
	if (p[2].revents || (hear && more))
		log_read(s);
	if (p[1].revents)
		ended(s); /* or it would be readable for ever */
	if (p[3].revents)
		s->aux(s->aux_arg);
	return p[0].revents != 0;
}

void sched_cpus_change(struct sched *s)
{
	s->may_restart_ns = clock_ns() + RESTART_WAIT;
}

/* It is attached again after the CPUs changed. */
static void returned(struct sched *s)
{
	struct json_object *o = record(s, "restart", s->out_ns);

	rec_int(o, "duration_ns", (int64_t)(clock_ns() - s->out_ns));
	rec_put(s->out, o);
	s->out_ns = 0;
	s->said[0] = '\0'; /* of that end it has told */
}

/* It ended though nobody told it to: its process did, or the kernel threw it out for good. */
static bool is_lost(struct sched *s)
{
	bool process = rec_get_str(s->plan, "binary", NULL);
	bool there = !s->ext || enabled(s);

	if (process && ended(s))
		return true;
	if (there && s->out_ns)
		returned(s);
	if (there)
		return false;
	if (!s->out_ns)
		s->out_ns = clock_ns();
	return !process || clock_ns() >= s->may_restart_ns;
}

enum sched_event sched_wait(struct sched *s, int fd, uint64_t until_ns)
{
	bool watch = s->attached && !s->lost_ns;
	bool ready = false;

	while (!ready && clock_ns() < until_ns) {
		ready = poll_once(s, fd, until_ns, watch ? WATCH_TICK : UINT64_MAX);
		if (watch && is_lost(s)) {
			s->lost_ns = s->out_ns ? s->out_ns : clock_ns();
			return SCHED_LOST;
		}
	}
	return ready ? SCHED_READY : SCHED_TIME;
}

/* Lets it end by itself until `until_ns`, passing on its log: true when it did. */
void sched_wait_out(void *sched, int fd, uint64_t until_ns)
{
	while (sched_wait(sched, fd, until_ns) == SCHED_LOST)
		;
}

static bool wait_end(struct sched *s, uint64_t until_ns)
{
	while (!ended(s) && clock_ns() < until_ns)
		poll_once(s, -1, until_ns, UINT64_MAX);
	return !s->running;
}

/* Ends the process, and what of it has to be closed. */
static void kill_now(struct sched *s)
{
	if (s->running) {
		kill(-s->proc.pid, SIGKILL);
		wait_end(s, clock_ns() + KILL_WAIT);
	}
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
	s->running = false;
	spawn_close(&s->proc);
}

/* The same, and there is no scheduler any more. */
static void forget(struct sched *s)
{
	kill_now(s);
	if (s->state_fd >= 0)
		close(s->state_fd);
	s->state_fd = -1;
	s->attached = s->ext = false;
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
	bool process = rec_get_str(s->plan, "binary", NULL), by_itself;

	s->ending = true;
	by_itself = wait_end(s, clock_ns() + SAY_WHY_WAIT);
	forget(s);
	how(s, code, sizeof(code));
	if (s->said[0])
		snprintf(reason, sizeof(reason), "%s", s->said);
	else if (!process)
		snprintf(reason, sizeof(reason), "the kernel ejected it");
	else if (!by_itself)
		snprintf(reason, sizeof(reason), "the kernel ejected it; its process did not end");
	else
		snprintf(reason, sizeof(reason), "its process ended with %s%s%s", code,
			 WIFEXITED(s->status) && s->last[0] ? ": " : "",
			 WIFEXITED(s->status) ? s->last : "");
	o = record(s, "exit", s->lost_ns);
	rec_str(o, "reason", reason);
	rec_str(o, "exit", process ? code : "none");
	rec_put(s->out, o);
}

/* Starts a program with our end of a pipe on its output: 0 or -errno. */
static int spawn(struct sched *s, const char *const *argv, uint64_t watchdog_ns)
{
	char timeout[48];
	char *envp[] = { "PATH=/usr/bin:/bin:/usr/sbin:/sbin", watchdog_ns ? timeout : NULL, NULL };
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv, .envp = envp);
	int p[2], rc;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	snprintf(timeout, sizeof(timeout), "SCX_TIMEOUT_MS=%llu",
		 (unsigned long long)(watchdog_ns / NSEC_PER_MSEC));
	o.in = SPAWN_NULL;
	o.out = o.err = p[1];
	rc = spawn_start(&s->proc, &o);
	close(p[1]);
	if (rc) {
		close(p[0]);
		return rc;
	}
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	fcntl(p[0], F_SETPIPE_SZ, PIPE_SIZE);
	s->ending = false;
	s->log_ns = 0;
	s->in_at = s->in_len = 0;
	s->proc.out = p[0];
	s->pidfd = (int)syscall(SYS_pidfd_open, s->proc.pid, 0);
	s->running = true;
	s->status = 0;
	return 0;
}

/* One command of a scheduler that the kernel has built in: 0, or -errno with words in e. */
static int shell(struct sched *s, const char *command, struct errbuf *e)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	char code[32];
	bool in_time;
	int rc = spawn(s, argv, 0);

	if (rc)
		return errbuf_set(e, rc, "unable to run /bin/sh: %s", strerror(-rc));
	in_time = wait_end(s, clock_ns() + SHELL_WAIT);
	kill_now(s);
	if (!in_time)
		return errbuf_set(e, -ETIMEDOUT, "'%.200s' did not end within %d s", command,
				  (int)(SHELL_WAIT / NSEC_PER_SEC));
	how(s, code, sizeof(code));
	return s->status ? errbuf_set(e, -EIO, "'%.200s' ended with %s%s%.150s", command, code,
				      s->last[0] ? ": " : "", s->last)
			 : 0;
}

static int commands(struct sched *s, const char *list, struct errbuf *e)
{
	struct json_object *a = rec_get_arr(rec_get_obj(s->plan, "builtin"), list);
	size_t i;
	int rc = 0;

	for (i = 0; a && !rc && i < json_object_array_length(a); i++) {
		s->last[0] = '\0';
		rc = shell(s, json_object_get_string(json_object_array_get_idx(a, i)), e);
	}
	return rc;
}

/* Ends what is attached. */
static void end(struct sched *s)
{
	uint64_t from = clock_ns();
	struct json_object *o;
	struct errbuf e = { "" };

	s->ending = true;
	if (s->running) {
		kill(s->proc.pid, SIGINT);
		wait_end(s, clock_ns() + STOP_WAIT);
	}
	kill_now(s); /* commands use its place */
	if (rec_get_obj(s->plan, "builtin"))
		commands(s, "disable", &e);
	forget(s);
	o = record(s, "stop", clock_ns());
	rec_int(o, "duration_ns", (int64_t)(clock_ns() - from));
	if (e.text[0])
		rec_str(o, "error", e.text);
	rec_put(s->out, o);
}

void sched_stop(struct sched *s)
{
	if (s->running || s->attached)
		end(s);
}

bool sched_missing(const struct sched *s)
{
	return s->wanted && !s->attached;
}

static int failed(struct sched *s, struct errbuf *e, const char *reason)
{
	forget(s);
	put_text(s, "failed", "reason", reason);
	return errbuf_set(e, 1, "scheduler %s: %s", s->name, reason);
}

/* 0 or -errno. */
static int spawn_plan(struct sched *s)
{
	struct json_object *args = rec_get_arr(s->plan, "args");
	size_t i, n = args ? json_object_array_length(args) : 0;
	const char **argv = calloc(n + 2, sizeof(*argv));
	int rc;

	if (!argv)
		return -ENOMEM;
	argv[0] = rec_get_str(s->plan, "guest_binary", "/kt/scheduler");
	for (i = 0; i < n; i++)
		argv[i + 1] = json_object_get_string(json_object_array_get_idx(args, i));
	rc = spawn(s, argv, (uint64_t)rec_get_int(s->test, "watchdog_ns", 0));
	free(argv);
	return rc;
}

static void attached(struct sched *s, uint64_t from)
{
	struct json_object *o = record(s, "attach", clock_ns());
	char ops[128];

	s->attached = true;
	s->ext = enabled(s);
	if (!s->ext || file_read_line(SCX_DIR "/root/ops", ops, sizeof(ops)) < 0)
		ops[0] = '\0';
	rec_str(o, "ops", ops);
	rec_int(o, "duration_ns", (int64_t)(clock_ns() - from));
	rec_put(s->out, o);
}

/* CPU time of its process, in which the kernel's verification of its programs is; 0: not known. */
static uint64_t computed(const struct sched *s)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(s->proc.pid, &clock) || clock_gettime(clock, &ts))
		return 0;
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* It had its time: what it has not spent computing, or the most there is. */
static bool attach_late(const struct sched *s, uint64_t from)
{
	uint64_t ns = clock_ns() - from;

	return ns >= ATTACH_MOST || (ns >= ATTACH_WAIT && ns - ATTACH_WAIT >= computed(s));
}

static int wait_attached(struct sched *s, uint64_t from, struct errbuf *e)
{
	uint64_t until = from + ATTACH_MOST;
	char text[600], code[32];

	while (!enabled(s)) {
		if (ended(s)) {
			how(s, code, sizeof(code));
			snprintf(text, sizeof(text), "ended with %s before it attached%s%s", code,
				 s->last[0] ? ": " : "", s->said[0] ? s->said : s->last);
			return failed(s, e, text);
		}
		if (attach_late(s, from)) {
			snprintf(text, sizeof(text), "not attached after %d s",
				 (int)((clock_ns() - from) / NSEC_PER_SEC));
			return failed(s, e, text);
		}
		poll_once(s, -1, until, ATTACH_TICK);
	}
	attached(s, from);
	return 0;
}

static int start_builtin(struct sched *s, uint64_t from, struct errbuf *e)
{
	struct errbuf why;

	rec_put(s->out, record(s, "start", from));
	if (commands(s, "enable", &why))
		return failed(s, e, why.text);
	attached(s, from);
	return 0;
}

static int prepare(struct sched *s, struct json_object *plan, struct errbuf *e)
{
	struct writer w;
	int rc;

	writer_init(&w, sched_wait_out, s);
	rc = sched_prepare(plan, s->test, &w, e);
	writer_stop(&w);
	return rc;
}

static int start(struct sched *s, struct json_object *plan, struct errbuf *e)
{
	uint64_t from = clock_ns();
	struct json_object *o;
	struct errbuf why;
	char text[128];
	int rc;

	s->plan = plan;
	s->name = rec_get_str(plan, "name", "scheduler");
	s->wanted = true;
	s->last[0] = s->said[0] = '\0';
	s->len = 0;
	s->lost_ns = s->out_ns = 0;
	s->state_fd = open(SCX_DIR "/state", O_RDONLY | O_CLOEXEC);
	if (prepare(s, plan, &why))
		return failed(s, e, why.text);
	if (rec_get_obj(plan, "builtin"))
		return start_builtin(s, from, e);
	if (s->state_fd < 0)
		return failed(s, e, "this kernel has no sched_ext: " SCX_DIR " is missing");
	rc = spawn_plan(s);
	if (rc) {
		snprintf(text, sizeof(text), "unable to run it: %s", strerror(-rc));
		return failed(s, e, text);
	}
	o = record(s, "start", clock_ns());
	rec_int(o, "pid", s->proc.pid);
	rec_put(s->out, o);
	return wait_attached(s, from, e);
}

void sched_init(struct sched *s, struct json_object *test, struct rec_out *out)
{
	memset(s, 0, sizeof(*s));
	s->out = out;
	s->test = test;
	s->name = rec_get_str(rec_get_obj(test, "scheduler"), "name", "scheduler");
	s->pidfd = s->state_fd = s->aux_fd = -1;
	s->proc.in = s->proc.out = s->proc.err = -1;
}

int sched_start(struct sched *s)
{
	struct json_object *plan = rec_get_obj(s->test, "scheduler");

	return plan ? start(s, plan, NULL) : 0;
}

/* A scheduler of the plan, by its name; or NULL. */
static struct json_object *find(const struct sched *s, const char *name, struct errbuf *e)
{
	struct json_object *list = rec_get_arr(s->test, "schedulers");
	struct json_object *o = rec_get_obj(s->test, "scheduler");
	size_t i, n = list ? json_object_array_length(list) : 0;

	if (o && strcmp(rec_get_str(o, "name", ""), name) == 0)
		return o;
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(list, i);
		if (strcmp(rec_get_str(o, "name", ""), name) == 0)
			return o;
	}
	errbuf_set(e, 0, "the plan has no scheduler '%.64s'", name);
	return NULL;
}

int sched_attach(struct sched *s, const char *name, struct errbuf *e)
{
	struct json_object *plan = find(s, name, e);

	if (!plan)
		return -ENOENT;
	if (s->attached)
		return errbuf_set(e, -EBUSY, "scheduler %s is attached already", s->name);
	return start(s, plan, e);
}

int sched_detach(struct sched *s, struct errbuf *e)
{
	if (!s->attached)
		return errbuf_set(e, -ESRCH, "no scheduler is attached");
	s->wanted = false;
	end(s);
	return 0;
}

int sched_restart(struct sched *s, struct errbuf *e)
{
	int rc = sched_detach(s, e);

	return rc ? rc : start(s, s->plan, e);
}

int sched_replace(struct sched *s, const char *name, struct errbuf *e)
{
	struct json_object *plan = find(s, name, e);
	int rc = plan ? sched_detach(s, e) : -ENOENT;

	return rc ? rc : start(s, plan, e);
}
