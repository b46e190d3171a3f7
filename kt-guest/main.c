// SPDX-License-Identifier: GPL-2.0-only
/* One program for both sides: `plan` and `list` on the host, everything else in the guest. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "guest/init.h"
#include "host/host.h"
#include "msg.h"
#include "opts.h"
#include "plan/cmd.h"
#include "plan/list.h"

static const struct opt_table *const commands[] = { &plan_options, &list_options, &host_options,
						    &host_clean_options, NULL };

static const struct opt rows[] = { { 0 } };

static const struct opt_table table = {
	.usage = "plan [OPTION]... NAME|FILE\nlist [--schedulers|--work]\nrun PLAN.json|-\nclean",
	.about = "plan resolves and checks a test, by name or file, and writes its test record.\n"
		 "list writes an item record for each test that can be found by name.\n"
		 "run does what a plan says in cgroups of this machine; clean removes what is\n"
		 "left of runs that were killed. As process 1 kt-guest runs a guest.\n",
	.opt = rows,
	.end = "The options of a command: kt-guest COMMAND --help.\n",
	.operands = "plan list run clean",
	.commands = commands,
};

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";
	int rc;

	msg_init("kt-guest");
	if (strcmp(cmd, "plan") == 0) {
		argv[1] = argv[0];
		return plan_main(argc - 1, argv + 1);
	}
	if (strcmp(cmd, "list") == 0) {
		argv[1] = argv[0];
		return list_main(argc - 1, argv + 1);
	}
	if (getpid() == 1)
		guest_main();
	if (strcmp(cmd, "run") == 0)
		return host_main(argc - 1, argv + 1);
	if (strcmp(cmd, "clean") == 0)
		return host_clean_main(argc - 1, argv + 1);
	if (*cmd == '-') {
		opts_next(&table, argc, argv, &rc);
		if (rc >= 0)
			return msg_finish(rc);
	}
	if (*cmd)
		return msg_usage("unknown command '%s' (expected plan, list, run or clean)", cmd);
	return msg_usage("no command given (expected plan, list, run or clean)");
}
