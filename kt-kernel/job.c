// SPDX-License-Identifier: GPL-2.0-only
/* Owns running one helper program with a log, a progress line and an orderly end on ^C. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "job.h"
#include "spawn.h"

#define GRACE_MS 5000 /* for make to remove the targets that it was making */

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

void job_catch_signals(void)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };
	struct sigaction old;
	size_t i;

	/* no SA_RESTART: waiting for a lock or for output ends, too */
	for (i = 0; i < ARRAY_SIZE(sigs); i++)
		if (!sigaction(sigs[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(sigs[i], &sa, NULL);
}

int job_signal(void)
{
	return caught;
}

/* "  CC      kernel/fork.o", as kbuild announces what it makes */
static bool names_file(const char *s)
{
	size_t n;

	if (strncmp(s, "  ", 2))
		return false;
	s += 2;
	n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	return n >= 2 && s[n] == ' ';
}

static bool tells_error(const char *s)
{
	static const char *const words[] = { "error:",
					     "Error:",
					     " Error ",
					     "*** ",
					     "undefined reference",
					     "command not found",
					     "cannot find",
					     "Cannot open" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(s, words[i]))
			return true;
	return false;
}

static void take_line(struct job *j, const char *s)
{
	if (names_file(s))
		j->files++;
	if (!j->error[0] && tells_error(s))
		snprintf(j->error, sizeof(j->error), "%s", s);
	if (strstr(s, strerror(ENOSPC)) || strstr(s, strerror(EDQUOT)))
		j->no_space = true;
	snprintf(j->tail[j->lines++ % JOB_TAIL], JOB_LINE, "%s", s);
}

/* Cuts what was read into lines; `part` holds an unfinished one. What is too long is cut off. */
static void take_output(struct job *j, char part[JOB_LINE], const char *buf, size_t len)
{
	size_t n = strlen(part), i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			take_line(j, part);
			n = 0;
		} else if (n + 1 < JOB_LINE && buf[i] != '\r') {
			/* the log is printed to a terminal: no escape sequences */
			part[n++] = (unsigned char)buf[i] < ' ' && buf[i] != '\t' ? '?' : buf[i];
		}
		part[n] = '\0';
	}
}

/* Copies the child's output to the log until its end: 0, -EINTR after a signal, or -errno. */
static int follow(struct job *j, int in, int log, struct progress *p)
{
	char buf[16384], part[JOB_LINE] = "";
	struct pollfd pfd = { .fd = in, .events = POLLIN };
	ssize_t n;

	for (;;) {
		if (caught)
			return -EINTR;
		if (poll(&pfd, 1, progress_show(p, j->files)) <= 0)
			continue;
		n = read(in, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			if (part[0])
				take_line(j, part);
			return 0;
		}
		/* a log that cannot be written does not fail a build that can */
		(void)!write(log, buf, (size_t)n);
		take_output(j, part, buf, (size_t)n);
	}
}

int job_run(struct job *j, const char *const *argv, const char *dir, const char *log,
	    struct progress *p, struct errbuf *e)
{
	struct spawn_opts o = SPAWN_DEFAULTS(.argv = argv, .dir = dir);
	struct spawn s;
	int fds[2], logfd, rc, status = 0;

	logfd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (logfd < 0) {
		rc = errbuf_set(e, -errno, "unable to write %s: %s", log, strerror(errno));
		progress_clear(p);
		return rc;
	}
	if (pipe2(fds, O_CLOEXEC)) {
		rc = errbuf_set(e, -errno, "unable to make a pipe: %s", strerror(errno));
		goto out_log;
	}
	o.in = SPAWN_NULL;
	o.out = o.err = fds[1];
	rc = spawn_start(&s, &o);
	close(fds[1]);
	if (rc) {
		errbuf_set(e, rc, "unable to run %s: %s", argv[0], strerror(-rc));
		goto out_pipe;
	}
	rc = follow(j, fds[0], logfd, p);
	if (!rc)
		rc = spawn_wait(&s, -1, &status);
	if (rc)
		spawn_stop(&s, GRACE_MS);
	if (rc && rc != -EINTR)
		errbuf_set(e, rc, "unable to read the output of %s: %s", argv[0], strerror(-rc));
	if (!rc)
		rc = spawn_code(status);
out_pipe:
	close(fds[0]);
out_log:
	close(logfd);
	progress_clear(p);
	return rc;
}

void job_print_tail(const struct job *j)
{
	unsigned long i = j->lines > JOB_TAIL ? j->lines - JOB_TAIL : 0;
	bool shown = !j->error[0];
	unsigned long k;

	/* with many jobs at once the first error may be far above the end */
	for (k = i; k < j->lines; k++)
		shown |= !strcmp(j->tail[k % JOB_TAIL], j->error);
	if (!shown)
		fprintf(stderr, "    %s\n    ...\n", j->error);
	for (; i < j->lines; i++)
		fprintf(stderr, "    %s\n", j->tail[i % JOB_TAIL]);
}
