// SPDX-License-Identifier: GPL-2.0-only
/* The names of kt's commands and tools, and how a tool is found and becomes what runs. */
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

const char *const tool_commands[] = {
	"test", "run", "list", "show", "snapshot", "doctor", "completion", NULL,
};

static bool is_in(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool tool_is_command(const char *name)
{
	return is_in(tool_commands, name);
}

static int unknown(const char *name)
{
	struct suggest s = { .word = name };
	int i;

	for (i = 0; tool_commands[i]; i++)
		suggest_try(&s, tool_commands[i]);
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
		return is_in(tool_names, name) ? tool_find(name, path) : unknown(name);
	snprintf(program, sizeof(program), "kt-%s", name);
	argv[0] = program;
	execv(path, argv);
	return msg_err(errno == ENOENT ? KT_NOTFOUND : KT_NOEXEC, errno, "unable to run %s", path);
}
