// SPDX-License-Identifier: GPL-2.0-only
/* kt-guest says what there is, and kt-report says it to people. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "spawn.h"
#include "tell.h"
#include "tool.h"

/* Starts kt-<name> between two descriptors, which are closed; argv[0] is `path`. */
static int start(struct spawn *s, const char *name, const char **argv, char *path, int in, int out)
{
	struct spawn_opts o = { .argv = argv, .in = in, .out = out, .err = SPAWN_INHERIT };
	int rc = tool_find(name, path);

	if (!rc) {
		rc = spawn_start(s, &o);
		if (rc)
			rc = msg_err(KT_NOEXEC, -rc, "unable to run %s", path);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

static int finish(struct spawn *s, const char *name)
{
	int status = 0;

	spawn_wait(s, -1, &status);
	spawn_close(s);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE)
		return msg_err(KT_SYS, 0, "kt-%s was killed by signal %d (%s)", name,
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return spawn_code(status);
}

int tell(const char **argv, const char *how)
{
	char guest_path[PATH_MAX], report_path[PATH_MAX];
	const char *report[] = { report_path, how, NULL };
	struct spawn s[2] = { 0 };
	int fd[2] = { -1, -1 }, rc, rc2;

	if (how && pipe2(fd, O_CLOEXEC))
		return msg_err(KT_SYS, errno, "unable to create a pipe");
	argv[0] = guest_path;
	rc = start(&s[0], "guest", argv, guest_path, SPAWN_NULL, how ? fd[1] : SPAWN_INHERIT);
	if (rc) {
		close(fd[0]);
		return rc;
	}
	rc2 = how ? start(&s[1], "report", report, report_path, fd[0], SPAWN_INHERIT) : 0;
	rc = finish(&s[0], "guest");
	if (rc2)
		return rc2;
	return how ? finish(&s[1], "report") : rc;
}
