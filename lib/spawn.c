// SPDX-License-Identifier: GPL-2.0-only
/* Child processes that end with their parent; their pipes, output and exit codes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "spawn.h"

/* The child's descriptor for stream `to`; *ours gets our end of a pipe. */
static int open_stream(int want, int to, int *ours)
{
	int p[2];

	*ours = -1;
	if (want == SPAWN_INHERIT)
		return to;
	if (want == SPAWN_NULL)
		return open("/dev/null", (to == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (want != SPAWN_PIPE)
		return want;
	if (pipe2(p, O_CLOEXEC))
		return -1;
	*ours = p[to == 0 ? 1 : 0];
	return p[to == 0 ? 0 : 1];
}

static void child(const struct spawn_opts *o, const int fd[3], pid_t parent, int report)
{
	sigset_t none;
	size_t i;
	int e, dupfd[3];

	if (!o->foreground)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(KT_SIGNAL + SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* first out of the way of 0..2, so that no dup2 overwrites a source */
	for (i = 0; i < 3; i++)
		dupfd[i] = fd[i] == (int)i ? fd[i] : fcntl(fd[i], F_DUPFD_CLOEXEC, 3);
	for (i = 0; i < 3; i++)
		if (dupfd[i] < 0 || (dupfd[i] != (int)i && dup2(dupfd[i], (int)i) < 0))
			goto fail;
	for (i = 0; i < o->nkeep; i++)
		if (fcntl(o->keep[i], F_SETFD, 0) < 0)
			goto fail;
	if (o->dir && chdir(o->dir))
		goto fail;
	/* execvpe() hands what is no program to a shell: fine for a name, not for a path */
	if (strchr(o->argv[0], '/'))
		execve(o->argv[0], (char *const *)o->argv, o->envp ? o->envp : environ);
	else
		execvpe(o->argv[0], (char *const *)o->argv, o->envp ? o->envp : environ);
fail:
	e = errno;
	(void)!write(report, &e, sizeof(e));
	_exit(e == ENOENT ? KT_NOTFOUND : KT_NOEXEC);
}

/* Waits for the exec: 0, or the -errno that the child reports. */
static int exec_result(int fd)
{
	int e = 0;
	ssize_t n;

	do
		n = read(fd, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	return n == sizeof(e) ? -e : 0;
}

int spawn_start(struct spawn *s, const struct spawn_opts *o)
{
	int fd[3], report[2], rc = 0, i;
	int *ours[3] = { &s->in, &s->out, &s->err };
	const int want[3] = { o->in, o->out, o->err };
	pid_t parent = getpid();

	memset(s, 0, sizeof(*s));
	s->group = !o->foreground;
	s->in = s->out = s->err = -1;
	if (pipe2(report, O_CLOEXEC))
		return -errno;
	for (i = 0; i < 3; i++) {
		fd[i] = open_stream(want[i], i, ours[i]);
		if (fd[i] < 0)
			rc = -errno;
	}
	if (!rc) {
		s->pid = fork();
		if (s->pid == 0)
			child(o, fd, parent, report[1]);
		if (s->pid < 0)
			rc = -errno;
	}
	for (i = 0; i < 3; i++)
		if ((want[i] == SPAWN_NULL || want[i] == SPAWN_PIPE) && fd[i] >= 0)
			close(fd[i]);
	close(report[1]);
	if (!rc)
		rc = exec_result(report[0]);
	close(report[0]);
	if (rc) {
		if (s->pid > 0)
			waitpid(s->pid, NULL, 0);
		s->pid = 0;
		spawn_close(s);
	}
	return rc;
}

/* Reaps without blocking: true once the child is gone. */
static bool reap(struct spawn *s, int *status)
{
	pid_t r;

	do
		r = waitpid(s->pid, status, WNOHANG);
	while (r < 0 && errno == EINTR);
	return r != 0;
}

int spawn_wait(struct spawn *s, long timeout_ms, int *status)
{
	long end = (long)clock_ms() + timeout_ms;
	struct pollfd p = { .events = POLLIN };

	*status = 0;
	if (!s->pid)
		return 0;
	p.fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	while (!reap(s, status)) {
		long left = timeout_ms < 0 ? 1000 : end - (long)clock_ms();

		if (left <= 0) {
			close(p.fd);
			return -ETIMEDOUT;
		}
		/* without a pidfd (an old kernel) poll() is only the sleep between two looks */
		poll(&p, p.fd >= 0, (int)(p.fd >= 0 || left < 10 ? left : 10));
	}
	if (p.fd >= 0)
		close(p.fd);
	s->pid = 0;
	return 0;
}

int spawn_stop(struct spawn *s, long grace_ms)
{
	pid_t pid = s->pid, target = s->group ? -pid : pid;
	int status = 0;

	if (pid) {
		if (grace_ms > 0)
			kill(target, SIGTERM);
		if (grace_ms <= 0 || spawn_wait(s, grace_ms, &status)) {
			kill(target, SIGKILL);
			spawn_wait(s, -1, &status);
		}
		if (s->group)
			kill(-pid, SIGKILL); /* whatever the child left in its group */
	}
	spawn_close(s);
	return status;
}

void spawn_close(struct spawn *s)
{
	int *fd[3] = { &s->in, &s->out, &s->err };
	int i;

	for (i = 0; i < 3; i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
}

int spawn_code(int status)
{
	return WIFSIGNALED(status) ? KT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Reads fd to its end into *out, until `end` (ms): 0, -ETIMEDOUT, -E2BIG, -ENOMEM, -errno. */
static int drain(int fd, long timeout_ms, size_t max, char **out)
{
	long end = (long)clock_ms() + timeout_ms;
	size_t n = 0, cap = 0;

	*out = NULL;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		long left = timeout_ms < 0 ? -1 : end - (long)clock_ms();
		ssize_t r;

		if (n + 1 >= cap) {
			char *buf = realloc(*out, cap = cap ? 2 * cap : 4096);

			if (!buf)
				return -ENOMEM;
			*out = buf;
		}
		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		r = read(fd, *out + n, cap - n - 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		n += (size_t)r;
		(*out)[n] = '\0';
		if (r == 0)
			return 0;
		if (n > max)
			return -E2BIG;
	}
}

int spawn_capture(const char *const *argv, long timeout_ms, size_t max, char **out)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv);
	struct spawn s;
	int rc, status = 0;

	*out = NULL;
	o.in = SPAWN_NULL;
	o.out = SPAWN_PIPE;
	rc = spawn_start(&s, &o);
	if (rc)
		return rc;
	rc = drain(s.out, timeout_ms, max, out);
	if (!rc)
		rc = spawn_wait(&s, timeout_ms, &status);
	if (rc)
		spawn_stop(&s, 0);
	else
		spawn_close(&s);
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc ? rc : spawn_code(status);
}
