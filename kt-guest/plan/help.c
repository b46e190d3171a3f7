// SPDX-License-Identifier: GPL-2.0-only
/* What kt-guest says of itself, for all of its commands. */
#include <stdio.h>

#include "exit.h"
#include "help.h"

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
