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

/* Starts one tool between two descriptors. */
static int start(struct pipeline *p, int i, const char *const *args, int in, int out,
		 struct watch *w)
{
	char path[PATH_MAX];
	const char *argv[] = { path, args ? args[0] : NULL, args ? args[1] : NULL, NULL };
	struct spawn_opts o = { .argv = argv, .in = in, .out = out, .err = w->err };
	int rc = tool_find(p->name[i], path);

	if (rc)
		return rc;
	rc = spawn_start(&p->s[i], &o);
	return rc ? msg_err(KT_NOEXEC, -rc, "unable to run %s", path) : 0;
}

int pipeline_start(struct pipeline *p, int in, const struct test_opts *o, struct watch *w)
{
	const char *const host[] = { "run", "-" }, *const engine[] = { "--engine", o->engine };
	const char *const *args[PIPE_MAX] = { NULL };
	int fd[2], i, rc = 0;

	*p = o->host ? (struct pipeline){ .name = { "guest", "check" }, .n = 2, .out = -1 }
		     : (struct pipeline){ .name = { "initrd", "vm", "check" }, .n = 3, .out = -1 };
	if (o->host)
		args[0] = host;
	else if (o->engine)
		args[1] = engine;
	for (i = 0; !rc && i < p->n; i++) {
		if (pipe2(fd, O_CLOEXEC))
			return msg_err(KT_SYS, errno, "unable to create a pipe");
		rc = start(p, i, args[i], i ? p->out : in, fd[1], w);
		close(fd[1]);
		if (i)
			close(p->out);
		p->out = fd[0];
	}
	if (!rc)
		return 0;
	close(p->out);
	p->out = -1;
	for (i = 0; i < p->n; i++)
		spawn_stop(&p->s[i], 0);
	return rc;
}

void pipeline_interrupt(struct pipeline *p)
{
	int i;

	for (i = 0; i < p->n - 1; i++)
		if (p->s[i].pid)
			kill(-p->s[i].pid, SIGTERM);
}

/* How long tool i may take to end by itself. */
static int patience(const struct pipeline *p, int i, const struct watch *w)
{
	int last = p->n - 1;

	if (w->count > 1 || (i < last && WIFSIGNALED(p->status[last])))
		return 0; /* nobody reads what it writes */
	return w->count ? GRACE_MS : END_MS;
}

void pipeline_finish(struct pipeline *p, struct watch *w)
{
	int i;

	if (p->out >= 0)
		close(p->out);
	p->out = -1;
	for (i = p->n - 1; i >= 0; i--) {
		if (watch_child(w, &p->s[i], patience(p, i, w), &p->status[i])) {
			spawn_stop(&p->s[i], w->count > 1 ? 0 : GRACE_MS);
			p->stopped[i] = true;
		}
		spawn_close(&p->s[i]);
	}
	watch_flush(w);
}

/* The signal that killed tool i by itself; SIGPIPE only tells that its reader went first. */
static int killer(const struct pipeline *p, int i)
{
	int sig = WIFSIGNALED(p->status[i]) ? WTERMSIG(p->status[i]) : 0;

	return sig == SIGPIPE ? 0 : sig;
}

int pipeline_code(const struct pipeline *p)
{
	int i, sig;

	for (i = 0; i < p->n; i++) {
		sig = p->stopped[i] ? 0 : killer(p, i);
		if (sig)
			return msg_err(KT_SYS, 0, "kt-%s was killed by signal %d (%s)", p->name[i],
				       sig, strsignal(sig));
	}
	for (i = 0; i < p->n; i++)
		if (!p->stopped[i] && WIFEXITED(p->status[i]) &&
		    WEXITSTATUS(p->status[i]) >= KT_USAGE)
			return WEXITSTATUS(p->status[i]);
	for (i = 0; i < p->n - 1; i++)
		if (!p->stopped[i] && WIFEXITED(p->status[i]) &&
		    WEXITSTATUS(p->status[i]) > KT_FAIL)
			return msg_err(KT_SOFTWARE, 0,
				       "kt-%s ended with exit code %d, expected 0 or 1", p->name[i],
				       WEXITSTATUS(p->status[i]));
	for (i = 0; i < p->n; i++)
		if (p->stopped[i])
			return msg_err(KT_SYS, 0, "kt-%s did not end and was stopped", p->name[i]);
	return spawn_code(p->status[p->n - 1]);
}
