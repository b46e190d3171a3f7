// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "spawn.h"
#include "unit.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define SH(s)     ARGV("sh", "-c", s)

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int run(const char *const *argv, char **out)
{
	return spawn_capture(argv, 10000, 1 << 20, out);
}

TEST(capture)
{
	char *out;

	CHECK_INT(run(SH("echo hello; echo world"), &out), 0);
	CHECK_STR(out, "hello\nworld\n");
	free(out);
	CHECK_INT(run(SH("read x || echo nothing; exit 3"), &out), 3);
	CHECK_STR(out, "nothing\n"); /* stdin is /dev/null */
	free(out);
	CHECK_INT(run(ARGV("true"), &out), 0);
	CHECK_STR(out, "");
	free(out);
	CHECK_INT(run(SH("kill -9 $$"), &out), KT_SIGNAL + SIGKILL);
	free(out);
	CHECK_INT(run(SH("exit 127"), &out), 127); /* its own, not that of a failed exec */
	free(out);
}

TEST(capture_limits)
{
	double start = seconds();
	char *out = (char *)1;

	CHECK_INT(spawn_capture(SH("sleep 20"), 200, 100, &out), -ETIMEDOUT);
	CHECK(out == NULL);
	CHECK_INT(spawn_capture(SH("exec >&-; sleep 20"), 200, 100, &out), -ETIMEDOUT);
	CHECK_INT(spawn_capture(SH("yes"), 10000, 100000, &out), -E2BIG);
	CHECK(out == NULL);
	CHECK(seconds() - start < 10);
	CHECK_INT(spawn_capture(SH("printf %100s x"), 10000, 100, &out), 0);
	CHECK_INT(strlen(out), 100);
	free(out);
}

TEST(exec_failure)
{
	char path[] = "/tmp/kt-unit-XXXXXX", *out;
	int fd = mkstemp(path);

	CHECK_INT(run(ARGV("/nonexistent/program"), &out), -ENOENT);
	CHECK_INT(run(ARGV("no-such-program-in-path"), &out), -ENOENT);
	CHECK_INT(run(ARGV("/tmp"), &out), -EACCES);
	CHECK_INT(run(ARGV(path), &out), -EACCES);
	CHECK_INT((int)write(fd,
			     "\x7f"
			     "ELF but not",
			     12),
		  12);
	CHECK_INT(fchmod(fd, 0700), 0);
	close(fd);
	CHECK_INT(run(ARGV(path), &out), -ENOEXEC);
	CHECK(out == NULL);
	unlink(path);
}

TEST(failure_leaves_nothing)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = ARGV("/nonexistent"));
	struct spawn s;
	int before = dup(0), after;

	close(before);
	o.in = o.out = o.err = SPAWN_PIPE;
	CHECK_INT(spawn_start(&s, &o), -ENOENT);
	CHECK(s.pid == 0 && s.in == -1 && s.out == -1 && s.err == -1);
	o.argv = ARGV("true");
	o.dir = "/nonexistent";
	CHECK_INT(spawn_start(&s, &o), -ENOENT);
	after = dup(0);
	close(after);
	CHECK_INT(after, before); /* no descriptor is left open */
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
}

TEST(pipes)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = SH("cat; echo err >&2; pwd"), .dir = "/");
	char buf[64] = "";
	struct spawn s;
	int status;

	o.in = o.out = o.err = SPAWN_PIPE;
	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(write(s.in, "ping\n", 5), 5);
	close(s.in);
	s.in = -1;
	CHECK_INT(spawn_wait(&s, 10000, &status), 0);
	CHECK_INT(spawn_code(status), 0);
	CHECK_INT(read(s.out, buf, sizeof(buf)), 7);
	CHECK_STR(buf, "ping\n/\n");
	memset(buf, 0, sizeof(buf));
	CHECK_INT(read(s.err, buf, sizeof(buf)), 4);
	spawn_close(&s);
	CHECK(s.out == -1 && s.err == -1);
}

/* Only 0 to 2 and what `keep` names reach the child. */
TEST(descriptors)
{
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct spawn_opts o = SPAWN_DEFAULTS(.keep = &kept, .nkeep = 1);
	char script[128];
	struct spawn s;
	int status;

	snprintf(script, sizeof(script), "test -e /proc/self/fd/%d && ! test -e /proc/self/fd/%d",
		 kept, other);
	o.argv = SH(script);
	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(spawn_wait(&s, 10000, &status), 0);
	CHECK_INT(spawn_code(status), 0);
	close(kept);
	close(other);
}

TEST(deadline)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = ARGV("sleep", "20"));
	double start = seconds();
	struct spawn s;
	int status;

	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(spawn_wait(&s, 100, &status), -ETIMEDOUT);
	CHECK(s.pid > 0);
	CHECK_INT(spawn_wait(&s, 0, &status), -ETIMEDOUT);
	status = spawn_stop(&s, 5000);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_INT(spawn_code(status), KT_SIGNAL + SIGTERM);
	CHECK_INT(s.pid, 0);
	CHECK_INT(spawn_stop(&s, 5000), 0); /* once more is harmless */
	CHECK_INT(spawn_wait(&s, -1, &status), 0);
	CHECK(seconds() - start < 5);
}

/* Reads until the last process that has the pipe open is gone: true, or false after 5 s. */
static bool closed(int fd)
{
	double end = seconds() + 5;
	char buf[64];
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	do {
		n = read(fd, buf, sizeof(buf));
		usleep(1000);
	} while (n && seconds() < end);
	return n == 0;
}

/* The leader and its child ignore SIGTERM; the grandchild has the pipe open. */
TEST(group_kill)
{
	const char *const *argv = SH("trap '' TERM; (sleep 20; sleep 20) & echo up; wait; wait");
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv);
	struct spawn s;
	char buf[3];
	int out, status;

	o.out = SPAWN_PIPE;
	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(getpgid(s.pid), s.pid);
	CHECK_INT(read(s.out, buf, 3), 3);
	out = dup(s.out);
	status = spawn_stop(&s, 100);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(closed(out));
	close(out);
}

/* The leader ends well at SIGTERM; what it left in its group goes as well. */
TEST(group_leftovers)
{
	const char *const *argv = SH("trap 'exit 0' TERM; (trap '' TERM; echo up; sleep 20; "
				     "sleep 20) & while :; do sleep 0.01; done");
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv);
	struct spawn s;
	char buf[3];
	int out;

	o.err = SPAWN_NULL; /* the shell talks about its killed child */
	o.out = SPAWN_PIPE;
	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(read(s.out, buf, 3), 3);
	out = dup(s.out);
	CHECK_INT(spawn_code(spawn_stop(&s, 5000)), 0);
	CHECK(closed(out));
	close(out);
}

TEST(dies_with_parent)
{
	int p[2];
	pid_t pid;

	CHECK_INT(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct spawn_opts o = SPAWN_DEFAULTS(.argv = ARGV("sleep", "20"));
		struct spawn s;

		o.out = p[1];
		_exit(spawn_start(&s, &o) != 0);
	}
	close(p[1]);
	waitpid(pid, NULL, 0);
	CHECK(closed(p[0]));
	close(p[0]);
}

TEST(foreground)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = ARGV("sleep", "20"), .foreground = true);
	struct spawn s;

	CHECK_INT(spawn_start(&s, &o), 0);
	CHECK_INT(getpgid(s.pid), getpgrp());
	CHECK_INT(spawn_code(spawn_stop(&s, 0)), KT_SIGNAL + SIGKILL);
}

UNIT_MAIN(T(capture), T(capture_limits), T(exec_failure), T(failure_leaves_nothing), T(pipes),
	  T(descriptors), T(deadline), T(group_kill), T(group_leftovers), T(dies_with_parent),
	  T(foreground))
