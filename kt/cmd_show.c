// SPDX-License-Identifier: GPL-2.0-only
/* kt show: what a test would do, all of it resolved. */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cmd_show.h"
#include "exit.h"
#include "msg.h"
#include "tell.h"

enum { OPT_JSON = 256 };

static const struct opt rows[] = {
	{ "scheduler", 's', "NAME", "scheduler under test", "<scheduler>" },
	{ "topology", 't', "SPEC", "topology of the guest", "<preset>" },
	{ "duration", 'd', "TIME", "duration of the test", NULL },
	{ "assert", 'a', "KEY=VALUE", "a limit of the assert block", NULL },
	{ "json", OPT_JSON, NULL, "the plan as a record", NULL },
	{ 0 },
};

const struct opt_table show_options = {
	.command = "show",
	.usage = "[OPTION]... NAME|FILE",
	.about = "Shows what a test would do, all of it resolved.\n",
	.opt = rows,
	.end = "See kt(1).\n",
	.operands = "<test>",
};

int show_main(int argc, char **argv)
{
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
	while ((c = opts_next(&show_options, argc, argv, &rc)) >= 0) {
		if (c == OPT_JSON) {
			json = true;
			continue;
		}
		args[n++] = names[c];
		args[n++] = optarg;
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
