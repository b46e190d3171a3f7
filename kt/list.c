// SPDX-License-Identifier: GPL-2.0-only
/* kt list, kt show, kt doctor --clean: kt-guest says what there is, kt-report says it to people. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "list.h"
#include "msg.h"
#include "spawn.h"
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

/* kt-guest ARGV | kt-report HOW, or the first alone: the last one's exit code. */
static int tell(const char **argv, const char *how)
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

static int help(const char *text)
{
	fputs(text, stdout);
	return KT_OK;
}

int clean_main(void)
{
	const char *args[] = { NULL, "clean", NULL };

	return tell(args, "--list");
}

int list_main(int argc, char **argv)
{
	static const struct option long_opts[] = {
		{ "schedulers", no_argument, NULL, 's' },
		{ "work", no_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *args[] = { NULL, "list", NULL, NULL };
	bool json = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", long_opts, NULL)) != -1) {
		if (c == 'h')
			return help("Usage: kt list [--schedulers|--work] [--json]\n"
				    "List the tests that can be found by name.\n"
				    "\n"
				    "      --schedulers  scheduler files instead\n"
				    "      --work        work types instead\n"
				    "      --json        records instead of text\n"
				    "  -h, --help        show this and exit\n"
				    "\n"
				    "See kt(1).\n");
		if (c == '?')
			return msg_usage("list: unknown option '%s'", argv[optind - 1]);
		if (c == 'j')
			json = true;
		else
			args[2] = c == 'w' ? "--work" : "--schedulers";
	}
	if (optind < argc)
		return msg_usage("list: unexpected argument '%s'", argv[optind]);
	return tell(args, json ? NULL : "--list");
}

int show_main(int argc, char **argv)
{
	static const struct option long_opts[] = {
		{ "scheduler", required_argument, NULL, 's' },
		{ "topology", required_argument, NULL, 't' },
		{ "duration", required_argument, NULL, 'd' },
		{ "assert", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static const char *const names[] = { ['s'] = "--scheduler",
					     ['t'] = "--topology",
					     ['d'] = "--duration",
					     ['a'] = "--assert" };
	const char **args = calloc(2 * (size_t)argc + 5, sizeof(*args));
	bool json = false;
	size_t n = 1;
	int c, rc;

	if (!args)
		return msg_err(KT_SYS, errno, "unable to read the options");
	args[n++] = "plan";
	opterr = 0;
	for (rc = -1;
	     rc < 0 && (c = getopt_long(argc, argv, ":s:t:d:a:h", long_opts, NULL)) != -1;) {
		if (c == 'h')
			rc = help("Usage: kt show [OPTION...] NAME|FILE\n"
				  "Show what a test would do, all of it resolved.\n"
				  "\n"
				  "  -s, --scheduler=NAME    scheduler under test\n"
				  "  -t, --topology=SPEC     topology of the guest\n"
				  "  -d, --duration=TIME     duration of the test\n"
				  "  -a, --assert=KEY=VALUE  a limit of the assert block\n"
				  "      --json              the plan as a record\n"
				  "  -h, --help              show this and exit\n"
				  "\n"
				  "See kt(1).\n");
		else if (c == ':')
			rc = msg_usage("show: option '%s' needs a value", argv[optind - 1]);
		else if (c == '?')
			rc = msg_usage("show: unknown option '%s'", argv[optind - 1]);
		else if (c == 'j')
			json = true;
		else {
			args[n++] = names[c];
			args[n++] = optarg;
		}
	}
	if (rc < 0 && optind + 1 != argc)
		rc = msg_usage("show: expected the name or the file of one test");
	if (rc < 0) {
		args[n++] = "--";
		args[n++] = argv[optind];
		rc = tell(args, json ? NULL : "--plan");
	}
	free(args);
	return rc;
}
