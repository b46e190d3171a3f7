// SPDX-License-Identifier: GPL-2.0-only
/*
 * kt: the driver. It finds, starts and waits, and passes status on; what a
 * test is, what a guest does and whether it behaved is known to the tools alone.
 */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cmd_completion.h"
#include "cmd_doctor.h"
#include "cmd_list.h"
#include "cmd_show.h"
#include "cmd_snapshot.h"
#include "cmd_test.h"
#include "exit.h"
#include "msg.h"
#include "opts.h"
#include "tool.h"

static const struct {
	const struct opt_table *options;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ &test_options, test_main },
	{ &run_options, test_main },
	{ &list_options, list_main },
	{ &show_options, show_main },
	{ &snapshot_options, snapshot_main },
	{ &doctor_options, doctor_main },
	{ &completion_options, completion_main },
};

static const struct opt rows[] = { { 0 } };

static const struct opt_table *const tables[] = { &test_options,       &run_options,
						  &list_options,       &show_options,
						  &snapshot_options,   &doctor_options,
						  &completion_options, NULL };

static const struct opt_table table = {
	.usage = "COMMAND [ARGUMENT]...\nTOOL [ARGUMENT]...",
	.about = "Boots Linux kernels in virtual machines with made-up CPU topologies, runs\n"
		 "workloads in them, watches the scheduler from outside, and says whether it\n"
		 "behaved.\n"
		 "\n"
		 "Commands:\n"
		 "  test        run tests, each in a guest of its own\n"
		 "  run         run tests on this machine, without a guest\n"
		 "  list        which tests there are\n"
		 "  show        what a test would do\n"
		 "  snapshot    what a snapshot of a run has\n"
		 "  doctor      check what kt needs on this machine\n"
		 "  completion  what a shell needs to complete these commands\n"
		 "\n"
		 "Tools:\n"
		 "  kernel      build, find and list kernels\n"
		 "  topo        describe a CPU topology\n"
		 "  guest       plan a test; run it in a guest\n"
		 "  initrd      pack what a guest needs\n"
		 "  vm          boot a guest\n"
		 "  check       judge the records of a run\n"
		 "  report      tell people about a run\n",
	.opt = rows,
	.end = "kt COMMAND --help tells more, and so does kt(1).\n",
	.commands = tables,
};

static int run(int argc, char **argv)
{
	size_t i;
	int rc;

	if (argc < 2) {
		opts_help(&table, stderr);
		return KT_USAGE;
	}
	if (argv[1][0] == '-') {
		opts_next(&table, argc, argv, &rc);
		return rc < 0 ? msg_usage("expected a command") : rc;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].options->command) == 0)
			return commands[i].main(argc - 1, argv + 1);
	return tool_exec(argv + 1);
}

int main(int argc, char **argv)
{
	msg_init("kt");
	return msg_finish(run(argc, argv));
}
