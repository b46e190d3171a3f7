// SPDX-License-Identifier: GPL-2.0-only
/* kt-kernel: builds, finds and lists the kernels that guests boot. */
#include <getopt.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "exit.h"
#include "find.h"
#include "list.h"
#include "msg.h"
#include "opts.h"
#include "record.h"

enum { OPT_JSON = 256 };

struct opts {
	struct build_opts build;
	const char *command;
	const char *operand;
	bool json;
};

static const struct opt rows[] = {
	{ "fragment", 'f', "FILE", "build: configure these settings, too", "<file>" },
	{ "keep", 'k', NULL, "build: keep the work directory for the next build", NULL },
	{ "json", OPT_JSON, NULL, "list: records instead of a table", NULL },
	{ 0 },
};

static const struct opt_table table = {
	.usage = "build [-k] [-f FILE] [SOURCE]\nfind [SPEC]\nlist [--json]",
	.about = "Builds, finds and lists the kernels that guests boot.\n"
		 "SOURCE: a kernel tree, a tarball, or deb:PACKAGE (deb:linux-source-6.12).\n"
		 "SPEC: a version (6.12.117), a series (6.12), a key of the cache, or the path of\n"
		 "a bzImage, a vmlinux or a kernel tree; without one $KT_KERNEL, else the best.\n",
	.opt = rows,
	.operands = "build find list",
};

/* -1: go on, else the exit code; *records is cleared where stdout is for people. */
static int parse(struct opts *o, int argc, char **argv, bool *records)
{
	bool frag = false;
	int c, rc;

	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 'f':
			o->build.fragment = optarg;
			frag = true;
			break;
		case 'k':
			o->build.keep = true;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		}
	}
	if (rc >= 0) {
		*records = rc != KT_OK;
		return rc;
	}
	if (optind == argc)
		return msg_usage("a command is missing: build, find or list");
	o->command = argv[optind++];
	if (strcmp(o->command, "build") && strcmp(o->command, "find") && strcmp(o->command, "list"))
		return msg_usage("unknown command '%s', expected build, find or list", o->command);
	if (strcmp(o->command, "build") && (frag || o->build.keep))
		return msg_usage("%s is an option of build", frag ? "--fragment" : "--keep");
	if (strcmp(o->command, "list") && o->json)
		return msg_usage("--json is an option of list");
	if (optind < argc && strcmp(o->command, "list"))
		o->operand = argv[optind++];
	if (optind < argc)
		return msg_usage("unexpected operand '%s'", argv[optind]);
	return -1;
}

static int run(struct opts *o, struct rec_out *out, bool *records)
{
	struct found f;
	int rc;

	if (!strcmp(o->command, "list")) {
		*records = o->json;
		return list_kernels(o->json, out);
	}
	if (!strcmp(o->command, "build")) {
		o->build.source = o->operand ? o->operand : "deb:linux-source-6.12";
		rc = build_kernel(&o->build, &f);
	} else {
		const char *env = getenv("KT_KERNEL");

		rc = find_kernel(o->operand ? o->operand : env && *env ? env : NULL, &f);
	}
	if (rc == KT_OK)
		found_put(out, &f);
	return rc;
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct rec_out out = { .f = stdout };
	bool records = true;
	int rc;

	msg_init("kt-kernel");
	setenv("LC_ALL", "C", 1); /* what helpers say is read */
	rc = parse(&o, argc, argv, &records);
	if (rc < 0)
		rc = run(&o, &out, &records);
	if (records)
		rec_end(&out, rc);
	return msg_finish(rc);
}
