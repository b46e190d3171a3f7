// SPDX-License-Identifier: GPL-2.0-only
/* Writes files of the kernel through a helper process that may hang. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/file.h"
#include "measure/observer.h"
#include "measure/telemetry.h"
#include "writer.h"

void writer_init(struct writer *w, writer_wait *wait, void *arg)
{
	*w = (struct writer){ .wait = wait, .arg = arg, .fd = -1 };
}

/* Takes "path\0text\0" again and again, and answers with 0 or -errno. */
static _Noreturn void help(int fd)
{
	struct sched_param p = { .sched_priority = 50 };
	char msg[WRITER_TEXT];
	sigset_t none;
	ssize_t n;
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "kt-writer");
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* a bad scheduler must not starve it; on a host without the right to do so it may */
	sched_setscheduler(0, SCHED_FIFO, &p);
	/* what it keeps open nobody sees the end of */
	dup2(fd, STDIN_FILENO);
	closefrom(1);
	observer_adopt(true);
	while ((n = recv(STDIN_FILENO, msg, sizeof(msg), 0)) > 0) {
		msg[n - 1] = '\0';
		rc = file_write(msg, msg + strlen(msg) + 1);
		observer_note();
		(void)!send(STDIN_FILENO, &rc, sizeof(rc), MSG_NOSIGNAL);
	}
	_exit(0);
}

static int start(struct writer *w)
{
	int s[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s))
		return -errno;
	observer_share(true);
	w->pid = fork();
	if (w->pid == 0)
		help(s[1]);
	rc = -errno;
	observer_share(false);
	close(s[1]);
	if (w->pid < 0) {
		w->pid = 0;
		close(s[0]);
		return rc;
	}
	w->fd = s[0];
	return 0;
}

/* One that does not end even now is stuck in the kernel. */
static void abandon(struct writer *w)
{
	close(w->fd);
	kill(w->pid, SIGKILL);
	waitpid(w->pid, NULL, WNOHANG);
	w->pid = 0;
	w->fd = -1;
}

int writer_put(struct writer *w, const char *path, const char *text, uint64_t limit_ns)
{
	size_t plen = strlen(path) + 1, tlen = strlen(text) + 1;
	uint64_t end = clock_ns() + limit_ns;
	char msg[WRITER_TEXT];
	int rc = 0;

	if (plen + tlen > sizeof(msg))
		return -EMSGSIZE;
	if (!w->pid)
		rc = start(w);
	if (rc)
		return rc;
	memcpy(msg, path, plen);
	memcpy(msg + plen, text, tlen);
	if (send(w->fd, msg, plen + tlen, MSG_NOSIGNAL) < 0) {
		rc = -errno;
		abandon(w);
		return rc;
	}
	w->wait(w->arg, w->fd, end);
	if (recv(w->fd, &rc, sizeof(rc), MSG_DONTWAIT) == sizeof(rc))
		return rc;
	rc = errno == EAGAIN ? -ETIMEDOUT : -EIO;
	abandon(w);
	return rc;
}

void writer_stop(struct writer *w)
{
	if (!w->pid)
		return;
	close(w->fd); /* its recv() ends, and so does it */
	waitpid(w->pid, NULL, 0);
	w->pid = 0;
	w->fd = -1;
}
