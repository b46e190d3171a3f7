// SPDX-License-Identifier: GPL-2.0-only
/* Payloads: birth, output, time limit, end, record. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "measure/flatten.h"
#include "measure/observer.h"
#include "measure/telemetry.h"
#include "payload.h"
#include "work/custom.h"

#define OUTPUT_MAX (16U << 20) /* kept of each stream; the rest is read and dropped */
#define TAIL_MAX   1024        /* of stderr, in the record */
#define PIPE_SIZE  (1 << 20)   /* so that it seldom waits for us */
#define KILL_WAIT  (2 * NSEC_PER_SEC)

/*
 * What is read of all payloads together, and how often: one that floods its output waits for us,
 * rather than that we take the CPU from those that are measured.
 */
#define DRAIN_TICK  (50 * NSEC_PER_MSEC)
#define DRAIN_BYTES (64 << 10)

struct stream {
	int fd;
	char *text;
	size_t len, cap, max;
	char tail[TAIL_MAX]; /* a ring of the last bytes */
	size_t total;
};

struct payload {
	struct payload *next;
	struct json_object *plan;
	const char *name;
	char *cgroup; /* or NULL */
	int step;
	pid_t pid;
	int pidfd, timer;
	int failed; /* readable when it could not be run: an errno */
	struct stream out, err;
	uint64_t start_ns;
	bool timed_out, killed;
};

struct payloads {
	struct json_object *list; /* the plan's */
	struct sched *sched;
	struct rec_out *rec;
	struct payload *running;
	int events, epoll; /* ours is in that of the caller */
	int drain;         /* timer: streams are read again; while it runs they are not in epoll */
	bool drained;
};

static void stream_add(struct stream *s, const char *p, size_t n)
{
	size_t keep = n < s->max - s->len ? n : s->max - s->len, cap, i;
	char *more;

	for (i = n > TAIL_MAX ? n - TAIL_MAX : 0; i < n; i++)
		s->tail[(s->total + i) % TAIL_MAX] = p[i];
	s->total += n;
	if (s->len + keep > s->cap) {
		cap = s->cap ? 2 * s->cap : 65536;
		more = realloc(s->text, cap > s->max ? s->max : cap);
		if (!more) {
			s->max = s->len; /* no more of it, then */
			return;
		}
		s->text = more;
		s->cap = cap > s->max ? s->max : cap;
	}
	memcpy(s->text + s->len, p, keep);
	s->len += keep;
}

/*
 * Closing is not enough: as long as a child has inherited the descriptor and has not closed it,
 * the epoll goes on to report what it reports.
 */
static void forget(const struct payloads *ps, int *fd)
{
	if (*fd < 0)
		return;
	epoll_ctl(ps->epoll, EPOLL_CTL_DEL, *fd, NULL);
	close(*fd);
	*fd = -1;
}

/* Takes what is there now, up to max bytes: how many. Closes it at its end. */
static size_t stream_read(const struct payloads *ps, struct stream *s, size_t max)
{
	char buf[16384];
	size_t sum = 0, want;
	ssize_t n = 1;

	if (s->fd < 0)
		return 0;
	while (n > 0 && sum < max) {
		want = max - sum < sizeof(buf) ? max - sum : sizeof(buf);
		n = read(s->fd, buf, want);
		if (n > 0) {
			stream_add(s, buf, (size_t)n);
			sum += (size_t)n;
		}
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		forget(ps, &s->fd);
	return sum;
}

/* Before the buffers move on: the last bytes in their order. */
static void put_tail(struct json_object *o, const struct stream *s)
{
	size_t n = s->total < TAIL_MAX ? s->total : TAIL_MAX, i;
	char text[TAIL_MAX];

	for (i = 0; i < n; i++)
		text[i] = s->tail[(s->total - n + i) % TAIL_MAX];
	rec_strn(o, "stderr", text, n);
}

/* The numbers of the document in a stream; NULL when there are none. */
static struct json_object *numbers(const struct stream *s)
{
	struct json_object *doc = s->len ? flatten_find(s->text, s->len) : NULL;
	struct json_object *flat = doc ? flatten(doc) : NULL;

	json_object_put(doc);
	if (flat && !json_object_object_length(flat)) {
		json_object_put(flat);
		flat = NULL;
	}
	return flat;
}

static void put_metrics(struct json_object *o, const struct payload *p)
{
	struct json_object *m = NULL;

	if (strcmp(rec_get_str(p->plan, "output", "exit"), "json") == 0) {
		m = numbers(&p->out);
		if (!m)
			m = numbers(&p->err);
	}
	rec_add(o, "metrics", m ? m : json_object_new_object());
	if (p->out.total > OUTPUT_MAX || p->err.total > OUTPUT_MAX)
		rec_bool(o, "truncated", true);
}

static void put_exit(struct json_object *o, const struct payload *p, int status)
{
	char text[32];

	if (p->timed_out)
		snprintf(text, sizeof(text), "timeout");
	else if (p->killed)
		snprintf(text, sizeof(text), "killed");
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(status));
	rec_str(o, "exit", text);
}

static void report(struct payloads *ps, struct payload *p, int status)
{
	struct json_object *o = rec_new("payload");
	uint64_t now = clock_ns();
	char text[300];
	int why;

	rec_str(o, "name", p->name);
	if (p->step < 0)
		rec_add(o, "step", NULL);
	else
		rec_int(o, "step", p->step);
	rec_str(o, "cgroup", p->cgroup);
	put_exit(o, p, status);
	rec_int(o, "guest_ns", (int64_t)now);
	rec_int(o, "duration_ns", (int64_t)(now - p->start_ns));
	put_metrics(o, p);
	if (read(p->failed, &why, sizeof(why)) == sizeof(why)) {
		snprintf(text, sizeof(text), "unable to run %.200s: %s",
			 work_custom_program(p->plan), strerror(why));
		rec_str(o, "stderr", text);
	} else {
		put_tail(o, &p->err);
	}
	rec_put(ps->rec, o);
}

static void destroy(const struct payloads *ps, struct payload *p)
{
	forget(ps, &p->pidfd);
	forget(ps, &p->timer);
	forget(ps, &p->failed);
	forget(ps, &p->out.fd);
	forget(ps, &p->err.fd);
	free(p->out.text);
	free(p->err.text);
	free(p->cgroup);
	free(p);
}

/* Reaps it if it ended, with all of its group: true when it is gone. */
static bool finish(struct payloads *ps, struct payload **at)
{
	struct payload *p = *at;
	int status;

	if (waitpid(p->pid, &status, WNOHANG) != p->pid)
		return false;
	kill(-p->pid, SIGKILL); /* what it has left behind; it may have fled, and still write */
	stream_read(ps, &p->out, PIPE_SIZE);
	stream_read(ps, &p->err, PIPE_SIZE);
	*at = p->next;
	report(ps, p, status);
	destroy(ps, p);
	return true;
}

static int watch(const struct payloads *ps, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return fd >= 0 && epoll_ctl(ps->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* No stream is looked at for a while. */
static void rest(struct payloads *ps, uint64_t ns)
{
	struct itimerspec t = { .it_value = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
					      .tv_nsec = (long)(ns % NSEC_PER_SEC) } };
	struct payload *p;

	if (timerfd_settime(ps->drain, 0, &t, NULL))
		return;
	ps->drained = true;
	for (p = ps->running; p; p = p->next) {
		epoll_ctl(ps->epoll, EPOLL_CTL_DEL, p->out.fd, NULL);
		epoll_ctl(ps->epoll, EPOLL_CTL_DEL, p->err.fd, NULL);
	}
}

static void resume(struct payloads *ps)
{
	struct payload *p;

	ps->drained = false;
	for (p = ps->running; p; p = p->next) {
		watch(ps, p->out.fd);
		watch(ps, p->err.fd);
	}
}

/* Each stream has the same part of what may be read in a tick. */
static void drain(struct payloads *ps)
{
	struct payload *p;
	size_t streams = 0, part, got = 0;
	uint64_t fired, cost = observer_cpu();

	if (read(ps->drain, &fired, sizeof(fired)) > 0)
		resume(ps);
	if (ps->drained)
		return;
	for (p = ps->running; p; p = p->next)
		streams += 2;
	part = DRAIN_BYTES / (streams + 1) + 1;
	for (p = ps->running; p; p = p->next)
		got += stream_read(ps, &p->out, part) + stream_read(ps, &p->err, part);
	if (got)
		rest(ps, observer_rest(observer_cpu() - cost, DRAIN_TICK));
}

static void look_after(void *arg)
{
	struct payloads *ps = arg;
	struct payload **at = &ps->running;
	uint64_t fired;

	drain(ps);
	while (*at) {
		struct payload *p = *at;

		if (p->timer >= 0 && read(p->timer, &fired, sizeof(fired)) > 0) {
			p->timed_out = true;
			kill(-p->pid, SIGKILL);
		}
		if (!finish(ps, at))
			at = &p->next;
	}
}

int payloads_init(struct payloads **ps, struct json_object *plan, struct sched *s,
		  struct rec_out *out, int events, struct errbuf *e)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct payloads *n = calloc(1, sizeof(*n));
	int fd = epoll_create1(EPOLL_CLOEXEC);
	int drain = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	*ps = n;
	if (!n || fd < 0 || drain < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, drain, &ev) ||
	    epoll_ctl(events, EPOLL_CTL_ADD, fd, &ev)) {
		if (fd >= 0)
			close(fd);
		if (drain >= 0)
			close(drain);
		free(n);
		*ps = NULL;
		return errbuf_set(e, -ENOMEM, "unable to make room for payloads");
	}
	n->list = rec_get_arr(plan, "payloads");
	n->sched = s;
	n->rec = out;
	n->events = events;
	n->epoll = fd;
	n->drain = drain;
	s->aux_fd = fd;
	s->aux = look_after;
	s->aux_arg = n;
	return 0;
}

static struct json_object *plan_of(const struct payloads *ps, const char *name)
{
	size_t i, n = ps->list ? json_object_array_length(ps->list) : 0;
	struct json_object *o;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(ps->list, i);
		if (strcmp(rec_get_str(o, "name", ""), name) == 0)
			return o;
	}
	return NULL;
}

const char *payload_cgroup(const struct payloads *ps, const char *name)
{
	return rec_get_str(plan_of(ps, name), "cgroup", NULL);
}

/* Everything that may call for us: its end, its output, its time limit. */
static int watch_all(const struct payloads *ps, struct payload *p)
{
	int64_t limit = rec_get_int(p->plan, "timeout_ns", 0);
	struct itimerspec t = { .it_value = { .tv_sec = limit / (int64_t)NSEC_PER_SEC,
					      .tv_nsec = limit % (int64_t)NSEC_PER_SEC } };
	int rc;

	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		return -errno;
	if (limit > 0) {
		p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (p->timer < 0 || timerfd_settime(p->timer, 0, &t, NULL))
			return -errno;
	}
	rc = watch(ps, p->pidfd);
	if (!rc)
		rc = watch(ps, p->timer);
	if (rc || ps->drained) /* then they are looked at with the others */
		return rc;
	rc = watch(ps, p->out.fd);
	return rc ? rc : watch(ps, p->err.fd);
}

/* By the child. It may be born into a cgroup that is frozen: the parent does not wait for it. */
static _Noreturn void become(const char **argv, int out, int err, int report, pid_t parent)
{
	char *envp[] = { "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp", NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), why;
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(KT_SYS);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null >= 0 && dup2(null, 0) == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
	    chdir("/tmp") == 0)
		execve(argv[0], (char *const *)argv, envp);
	why = errno;
	(void)!write(report, &why, sizeof(why));
	_exit(why == ENOENT ? KT_NOTFOUND : KT_NOEXEC);
}

static pid_t fork_into(int cgroup_fd)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
				   .exit_signal = SIGCHLD,
				   .cgroup = (uint64_t)cgroup_fd };

	return cgroup_fd < 0 ? fork() : (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Our end of a pipe, which does not block, is p[0]; the other one, for the child, p[1]. */
static int open_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC)) {
		p[0] = p[1] = -1;
		return -errno;
	}
	fcntl(p[0], F_SETPIPE_SZ, PIPE_SIZE); /* refused when users have many: then it is small */
	return fcntl(p[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static int run(struct payload *p, int cgroup_fd)
{
	struct json_object *args = rec_get_arr(p->plan, "args");
	size_t i, n = args ? json_object_array_length(args) : 0;
	const char **argv = calloc(n + 2, sizeof(*argv));
	int out[2], err[2], report[2], rc;
	pid_t parent = getpid();

	rc = open_pipe(out);
	rc = open_pipe(err) || rc ? -EMFILE : 0;
	rc = open_pipe(report) || rc ? -EMFILE : 0;
	p->out.fd = out[0];
	p->err.fd = err[0];
	p->failed = report[0];
	if (!argv)
		rc = -ENOMEM;
	if (!rc) {
		argv[0] = work_custom_program(p->plan);
		for (i = 0; i < n; i++)
			argv[i + 1] = json_object_get_string(json_object_array_get_idx(args, i));
		p->start_ns = clock_ns();
		p->pid = fork_into(cgroup_fd);
		if (p->pid == 0)
			become(argv, out[1], err[1], report[1], parent);
		rc = p->pid < 0 ? -errno : 0;
	}
	if (!rc)
		setpgid(p->pid, p->pid); /* it may be killed before it has come so far */
	close(out[1]);
	close(err[1]);
	close(report[1]);
	free(argv);
	return rc;
}

static bool same_place(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct payload *new_payload(struct json_object *plan, int step, const char *cgroup)
{
	struct payload *p = calloc(1, sizeof(*p));
	bool json = strcmp(rec_get_str(plan, "output", "exit"), "json") == 0;

	if (!p)
		return NULL;
	p->plan = plan;
	p->name = rec_get_str(plan, "name", "?");
	p->step = step;
	p->pidfd = p->timer = p->failed = p->out.fd = p->err.fd = -1;
	p->out.max = p->err.max = json ? OUTPUT_MAX : 0;
	p->cgroup = cgroup ? strdup(cgroup) : NULL;
	return p;
}

int payload_start(struct payloads *ps, const char *name, int step, const char *cgroup,
		  int cgroup_fd, struct errbuf *e)
{
	struct json_object *plan = plan_of(ps, name);
	struct payload *p;
	int rc;

	if (!plan)
		return errbuf_set(e, -ENOENT, "the plan has no payload '%.64s'", name);
	for (p = ps->running; p; p = p->next)
		if (strcmp(p->name, name) == 0 && same_place(p->cgroup, cgroup))
			return errbuf_set(e, -EBUSY, "payload '%s' runs already", name);
	p = new_payload(plan, step, cgroup);
	rc = p ? run(p, cgroup_fd) : -ENOMEM;
	if (!rc) {
		rc = watch_all(ps, p);
		if (rc) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, NULL, 0);
		}
	}
	if (rc) {
		if (p)
			destroy(ps, p);
		return errbuf_set(e, rc, "unable to run payload '%s' (%.200s): %s", name,
				  work_custom_program(plan), strerror(-rc));
	}
	p->next = ps->running;
	ps->running = p;
	return 0;
}

bool payload_runs(const struct payloads *ps, const char *name)
{
	const struct payload *p;

	for (p = ps->running; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

/* Kills those that match, then reaps them: how many there were. */
static int kill_those(struct payloads *ps, bool (*match)(const struct payload *, const void *),
		      const void *arg)
{
	uint64_t until = clock_ns() + KILL_WAIT;
	struct payload *p;
	bool left;
	int n = 0;

	if (!ps)
		return 0;
	look_after(ps);
	for (p = ps->running; p; p = p->next)
		if (match(p, arg)) {
			p->killed = true;
			kill(-p->pid, SIGKILL);
			n++;
		}
	do {
		for (left = false, p = ps->running; p; p = p->next)
			left = left || p->killed;
	} while (left && sched_wait(ps->sched, ps->epoll, until) != SCHED_TIME);
	return n;
}

static bool by_name(const struct payload *p, const void *name)
{
	return strcmp(p->name, name) == 0;
}

int payload_kill(struct payloads *ps, const char *name)
{
	return kill_those(ps, by_name, name);
}

static bool by_step(const struct payload *p, const void *step)
{
	return p->step == *(const int *)step;
}

void payload_end_step(struct payloads *ps, int step)
{
	kill_those(ps, by_step, &step);
}

struct place {
	const char *cgroup;
	bool below;
};

static bool by_cgroup(const struct payload *p, const void *arg)
{
	const struct place *at = arg;
	size_t len = strlen(at->cgroup);

	return p->cgroup && strncmp(p->cgroup, at->cgroup, len) == 0 &&
	       (!p->cgroup[len] || (at->below && p->cgroup[len] == '/'));
}

void payload_end_cgroup(struct payloads *ps, const char *cgroup, bool below)
{
	const struct place at = { .cgroup = cgroup, .below = below };

	kill_those(ps, by_cgroup, &at);
}

static bool every(const struct payload *p, const void *arg)
{
	(void)p;
	(void)arg;
	return true;
}

void payloads_free(struct payloads *ps)
{
	struct payload *p;

	if (!ps)
		return;
	kill_those(ps, every, NULL);
	while ((p = ps->running)) { /* it could not even die: a starved one, say */
		ps->running = p->next;
		report(ps, p, 0);
		destroy(ps, p);
	}
	ps->sched->aux_fd = -1;
	forget(ps, &ps->drain);
	epoll_ctl(ps->events, EPOLL_CTL_DEL, ps->epoll, NULL);
	close(ps->epoll);
	free(ps);
}
