// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "pipeline.h"
#include "tool.h"

/* How long a tool may take after the last one has closed its output, and after SIGTERM. */
#define END_MS   5000
#define GRACE_MS 2000

static const char *const names[PIPE_N] = { "initrd", "vm", "check" };

/* Starts one tool between two descriptors. */
static int start(struct pipeline *p, int i, const char *engine, int in, int out, struct watch *w)
{
	char path[PATH_MAX];
	const char *argv[] = { path, engine ? "--engine" : NULL, engine, NULL };
	struct spawn_opts o = { .argv = argv, .in = in, .out = out, .err = w->err };
	int rc = tool_find(names[i], path);

	if (rc)
		return rc;
	rc = spawn_start(&p->s[i], &o);
	return rc ? msg_err(KT_NOEXEC, -rc, "unable to run %s", path) : 0;
}

int pipeline_start(struct pipeline *p, int in, const char *engine, struct watch *w)
{
	int fd[2], i, rc = 0;

	*p = (struct pipeline){ .out = -1 };
	for (i = 0; !rc && i < PIPE_N; i++) {
		if (pipe2(fd, O_CLOEXEC))
			return msg_err(KT_SYS, errno, "unable to create a pipe");
		rc = start(p, i, i == PIPE_VM ? engine : NULL, i ? p->out : in, fd[1], w);
		close(fd[1]);
		if (i)
			close(p->out);
		p->out = fd[0];
	}
	if (!rc)
		return 0;
	close(p->out);
	p->out = -1;
	for (i = 0; i < PIPE_N; i++)
		spawn_stop(&p->s[i], 0);
	return rc;
}

void pipeline_interrupt(struct pipeline *p)
{
	if (p->s[PIPE_INITRD].pid)
		kill(-p->s[PIPE_INITRD].pid, SIGTERM);
	if (p->s[PIPE_VM].pid)
		kill(-p->s[PIPE_VM].pid, SIGTERM);
}

void pipeline_finish(struct pipeline *p, struct watch *w)
{
	int i;

	if (p->out >= 0)
		close(p->out);
	p->out = -1;
	for (i = 0; i < PIPE_N; i++) {
		if (watch_child(w, &p->s[i], w->signal ? GRACE_MS : END_MS, &p->status[i]))
			p->status[i] = spawn_stop(&p->s[i], GRACE_MS);
		spawn_close(&p->s[i]);
	}
	watch_flush(w);
}

int pipeline_code(const struct pipeline *p)
{
	int i, sig;

	/* a tool that died first; one that wrote to it died of SIGPIPE after it */
	for (i = 0; i < PIPE_N; i++) {
		sig = WIFSIGNALED(p->status[i]) ? WTERMSIG(p->status[i]) : 0;
		if (sig && sig != SIGPIPE)
			return msg_err(KT_SYS, 0, "kt-%s was killed by signal %d (%s)", names[i],
				       sig, strsignal(sig));
	}
	for (i = 0; i < PIPE_N; i++)
		if (spawn_code(p->status[i]) >= KT_USAGE)
			return spawn_code(p->status[i]);
	return spawn_code(p->status[PIPE_CHECK]);
}
