// SPDX-License-Identifier: GPL-2.0-only
/* One program for both sides: `plan` and `list` on the host, everything else in the guest. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "guest/init.h"
#include "host/host.h"
#include "msg.h"
#include "plan/cmd.h"
#include "plan/help.h"
#include "plan/list.h"

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
