// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "paths.h"
#include "suggest.h"
#include "tool.h"

const char *const tool_names[] = {
	"kernel", "topo", "initrd", "vm", "guest", "check", "report", NULL,
};

static const char *const own_commands[] = { "test",     "run",    "list", "show",
					    "snapshot", "doctor", NULL };

static bool is_tool(const char *name)
{
	int i;

	for (i = 0; tool_names[i]; i++)
		if (!strcmp(tool_names[i], name))
			return true;
	return false;
}

static int unknown(const char *name)
{
	struct suggest s = { .word = name };
	int i;

	for (i = 0; own_commands[i]; i++)
		suggest_try(&s, own_commands[i]);
	for (i = 0; tool_names[i]; i++)
		suggest_try(&s, tool_names[i]);
	if (s.best)
		return msg_usage("unknown command '%s', did you mean '%s'?", name, s.best);
	return msg_usage("unknown command '%s'", name);
}

/* A program of that name, also one that is not kt's own: "kt foo" is kt-foo in PATH. */
static int lookup(const char *name, char *buf)
{
	char program[64];

	if (strchr(name, '/') ||
	    snprintf(program, sizeof(program), "kt-%s", name) >= (int)sizeof(program))
		return -ENOENT;
	return paths_program(program, buf);
}

int tool_find(const char *name, char *buf)
{
	if (!lookup(name, buf))
		return 0;
	return msg_err(KT_NOTFOUND, 0, "kt-%s was not found beside kt, in ../libexec/kt or in PATH",
		       name);
}

int tool_exec(char **argv)
{
	char path[PATH_MAX], program[64];
	const char *name = argv[0];

	if (lookup(name, path))
		return is_tool(name) ? tool_find(name, path) : unknown(name);
	snprintf(program, sizeof(program), "kt-%s", name);
	argv[0] = program;
	execv(path, argv);
	return msg_err(errno == ENOENT ? KT_NOTFOUND : KT_NOEXEC, errno, "unable to run %s", path);
}
