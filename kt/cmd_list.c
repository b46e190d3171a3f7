// SPDX-License-Identifier: GPL-2.0-only
/* kt list: which tests, scheduler files and work types there are. */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "cmd_list.h"
#include "exit.h"
#include "msg.h"
#include "tell.h"

enum { OPT_SCHEDULERS = 256, OPT_WORK, OPT_JSON };

static const struct opt rows[] = {
	{ "schedulers", OPT_SCHEDULERS, NULL, "scheduler files instead", NULL },
	{ "work", OPT_WORK, NULL, "work types instead", NULL },
	{ "json", OPT_JSON, NULL, "records instead of text", NULL },
	{ 0 },
};

const struct opt_table list_options = {
	.command = "list",
	.usage = "[--schedulers|--work] [--json]",
	.about = "Lists the tests that can be found by name.\n",
	.opt = rows,
	.end = "See kt(1).\n",
};

int list_main(int argc, char **argv)
{
	const char *args[] = { NULL, "list", NULL, NULL };
	bool json = false;
	int c, rc;

	while ((c = opts_next(&list_options, argc, argv, &rc)) >= 0) {
		if (c == OPT_JSON)
			json = true;
		else
			args[2] = c == OPT_WORK ? "--work" : "--schedulers";
	}
	if (rc >= 0)
		return rc;
	if (optind < argc)
		return msg_usage("list: unexpected argument '%s'", argv[optind]);
	return tell(args, json ? NULL : "--list");
}
