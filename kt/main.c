// SPDX-License-Identifier: GPL-2.0-only
/*
 * kt: the driver. It finds, starts and waits, and passes status on; what a
 * test is, what a guest does and whether it behaved is known to the tools alone.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "exit.h"
#include "list.h"
#include "msg.h"
#include "snapshot.h"
#include "test.h"
#include "tool.h"

static const char help[] =
	"Usage: kt test [OPTION...] NAME|FILE...   run tests\n"
	"       kt TOOL [ARGUMENT...]              run one of kt's tools\n"
	"       kt run [OPTION...] NAME|FILE...    run tests on this machine, without a guest\n"
	"       kt list [OPTION...]                which tests there are\n"
	"       kt show [OPTION...] NAME|FILE      what a test would do\n"
	"       kt snapshot show RUN [NAME [PATH]] what a snapshot of a run has\n"
	"       kt doctor [--clean]                check what kt needs on this machine\n"
	"\n"
	"Tools:\n"
	"  kernel  build, find and list kernels      vm      boot a guest\n"
	"  topo    describe a CPU topology           check   judge the records of a run\n"
	"  guest   plan a test                       report  tell people about a run\n"
	"  initrd  pack what a guest needs\n"
	"\n"
	"Options of kt test; kt run has all but -e and -k, kt show the first four:\n";

static const char help_end[] =
	"\n"
	"Options of kt list and kt show:\n"
	"      --schedulers        list scheduler files\n"
	"      --work              list work types\n"
	"      --json              records instead of text\n"
	"\n"
	"Option of kt doctor:\n"
	"      --clean             remove what is left of runs that were killed\n"
	"\n"
	"Other options:\n"
	"  -h, --help              show this and exit\n"
	"  -V, --version           show the version and exit\n"
	"\n"
	"See kt(1).\n";

static int run(int argc, char **argv)
{
	if (argc < 2)
		return msg_usage("expected a command");
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		printf("%s%s%s", help, test_options, help_end);
		return KT_OK;
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		printf("kt %s\n", KT_VERSION);
		return KT_OK;
	}
	if (argv[1][0] == '-')
		return msg_usage("unknown option '%s'", argv[1]);
	if (!strcmp(argv[1], "test") || !strcmp(argv[1], "run"))
		return test_main(argc - 1, argv + 1);
	if (!strcmp(argv[1], "doctor"))
		return doctor_main(argc - 1, argv + 1);
	if (!strcmp(argv[1], "list"))
		return list_main(argc - 1, argv + 1);
	if (!strcmp(argv[1], "show"))
		return show_main(argc - 1, argv + 1);
	if (!strcmp(argv[1], "snapshot"))
		return snapshot_main(argc - 1, argv + 1);
	return tool_exec(argv + 1);
}

int main(int argc, char **argv)
{
	msg_init("kt");
	return msg_finish(run(argc, argv));
}
