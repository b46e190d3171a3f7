// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "exit.h"
#include "msg.h"
#include "opts.h"
#include "plan.h"
#include "plan/common/limits.h"
#include "record.h"
#include "topo.h"
#include "units.h"

static int parse_duration(struct plan_opts *o, const char *arg)
{
	struct errbuf e;

	if (units_duration(arg, &o->duration_ns, &e))
		return msg_usage("--duration: %s", e.text);
	if (!o->duration_ns || o->duration_ns > NODE_DURATION_MAX)
		return msg_usage("--duration: '%s' is not above 0s and at most 24h", arg);
	return -1;
}

/* Only whether it is one: what it means is resolved with the test. */
static int parse_topology(struct plan_opts *o, const char *arg)
{
	struct errbuf e;
	struct topo t;

	o->topology = arg;
	return topo_parse(arg, &t, NULL, &e) ? msg_usage("--topology: %s", e.text) : -1;
}

static int parse_limit(struct plan_opts *o, const char *arg)
{
	struct errbuf e;

	return limits_set(&o->limits, arg, &e) ? msg_usage("--assert: %s", e.text) : -1;
}

static const struct opt rows[] = {
	{ "scheduler", 's', "NAME", "the scheduler: a name, a path, or eevdf", "<scheduler>" },
	{ "topology", 't', "SPEC", "the topology, such as 1n2l4c2t, or a preset", "<preset>" },
	{ "duration", 'd', "TIME", "the duration, such as 20s", NULL },
	{ "assert", 'a', "KEY=VALUE", "a limit of the assert block; may be repeated", NULL },
	{ 0 },
};

const struct opt_table plan_options = {
	.command = "plan",
	.usage = "[OPTION]... NAME|FILE",
	.about = "Resolves and checks a test, by name or file, and writes its test record.\n",
	.opt = rows,
	.operands = "<test>",
};

/* -1: go on; else the exit code. *text: stdout was for people, so no records go there. */
static int parse_opts(struct plan_opts *o, bool *text, int argc, char **argv)
{
	int c, rc;

	while ((c = opts_next(&plan_options, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 's':
			o->scheduler = optarg;
			break;
		case 't':
			if (parse_topology(o, optarg) >= 0)
				return KT_USAGE;
			break;
		case 'd':
			if (parse_duration(o, optarg) >= 0)
				return KT_USAGE;
			break;
		case 'a':
			if (parse_limit(o, optarg) >= 0)
				return KT_USAGE;
			break;
		}
	}
	*text = rc == KT_OK;
	if (rc >= 0)
		return rc;
	if (optind + 1 != argc)
		return msg_usage(optind < argc ? "plan: more than one test given"
					       : "plan: no test given (a name or a file)");
	o->test = argv[optind];
	return -1;
}

static void show_notes(struct json_object *notes)
{
	size_t i;

	for (i = 0; i < json_object_array_length(notes); i++)
		msg_warn("%s", json_object_get_string(json_object_array_get_idx(notes, i)));
}

/* How the test was asked for, so that whoever reads the records can ask for it again. */
static void add_options(struct json_object *record, char **argv)
{
	struct json_object *options = json_object_new_array();
	int i;

	/* getopt has moved the test behind them */
	for (i = 1; i < optind; i++)
		if (strcmp(argv[i], "--") != 0)
			json_object_array_add(options, rec_text(argv[i], strlen(argv[i])));
	if (json_object_array_length(options))
		rec_add(record, "options", options);
	else
		json_object_put(options);
}

int plan_main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	struct json_object *record = NULL;
	struct plan_opts o = { .notes = json_object_new_array() };
	struct errbuf e;
	bool text = false;
	int rc = parse_opts(&o, &text, argc, argv);

	if (rc < 0) {
		rc = plan_resolve(&o, &record, &e);
		show_notes(o.notes);
		if (rc)
			msg_err(rc, 0, "%s", e.text);
		else {
			add_options(record, argv);
			rec_put(&out, record);
		}
	}
	json_object_put(o.notes);
	if (!text)
		rec_end(&out, rc);
	return msg_finish(rc);
}
