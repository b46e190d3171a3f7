// SPDX-License-Identifier: GPL-2.0-only
/* One program for both sides: `plan` and `list` on the host, everything else in the guest. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "help.h"
#include "host/host.h"
#include "guest/init.h"
#include "plan/list.h"
#include "msg.h"
#include "plan/plan.h"

int help_show(void)
{
	fputs("Usage: kt-guest plan [OPTION]... NAME|FILE\n"
	      "       kt-guest list [--schedulers|--work]\n"
	      "       kt-guest run PLAN.json|-\n"
	      "       kt-guest clean\n"
	      "plan resolves and checks a test, by name or file, and writes its test record.\n"
	      "list writes an item record for each test that can be found by name.\n"
	      "run does what the plan says in cgroups of this machine; clean removes what is\n"
	      "left of runs that were killed. As process 1 kt-guest runs a guest.\n"
	      "\n"
	      "  -s, --scheduler NAME    the scheduler: a name, a path, or eevdf\n"
	      "  -t, --topology SPEC     the topology, such as 1n2l4c2t, or a preset\n"
	      "  -d, --duration TIME     the duration, such as 20s\n"
	      "  -a, --assert KEY=VALUE  a limit of the assert block; may come several times\n"
	      "      --schedulers        list: scheduler files instead\n"
	      "      --work              list: work types instead\n"
	      "  -h, --help              print this help\n"
	      "  -V, --version           print the version\n",
	      stdout);
	return KT_OK;
}

int help_version(void)
{
	puts("kt-guest " KT_VERSION);
	return KT_OK;
}

static bool is(const char *arg, const char *brief, const char *full)
{
	return strcmp(arg, brief) == 0 || strcmp(arg, full) == 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 1 ? argv[1] : "";

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
	if (is(cmd, "-h", "--help"))
		return msg_finish(help_show());
	if (is(cmd, "-V", "--version"))
		return msg_finish(help_version());
	if (*cmd)
		return msg_usage("unknown command '%s' (expected plan, list, run or clean)", cmd);
	return msg_usage("no command given (expected plan, list, run or clean)");
}
