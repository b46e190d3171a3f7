// SPDX-License-Identifier: GPL-2.0-only
/* kt test and kt run: options, one test after another, the worst result. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd_test.h"
#include "exit.h"
#include "msg.h"
#include "opts.h"
#include "shell.h"
#include "testrun.h"
#include "units.h"
#include "watch.h"

enum { OPT_RUNS = 256, OPT_RETRY, OPT_QUIET };

#define RETRIES_MAX 100

#define COMMON                                                                                \
	{ "duration", 'd', "TIME", "duration of the test, such as 20s", NULL },               \
		{ "assert", 'a', "KEY=VALUE", "a limit of the assert block; may be repeated", \
		  NULL },                                                                     \
		{ "runs", OPT_RUNS, "DIR", "where run directories are made", "<directory>" }, \
		{ "retry-inconclusive", OPT_RETRY, "N",                                       \
		  "run again, up to N times, what was inconclusive", NULL },                  \
		{ "wait-quiet", OPT_QUIET, "TIME",                                            \
		  "wait up to TIME until this machine has CPUs to spare", NULL },             \
		{ "quiet", 'q', NULL, "no progress line, and no report of tests that pass",   \
		  NULL },                                                                     \
		{ "verbose", 'v', NULL, "report also what passed, and the logs", NULL },      \
	{                                                                                     \
		0                                                                             \
	}

static const struct opt test_rows[] = {
	{ "scheduler", 's', "NAME", "scheduler under test: a name, a path, or eevdf",
	  "<scheduler>" },
	{ "topology", 't', "SPEC", "topology of the guest, such as 1n2l4c2t, or a preset",
	  "<preset>" },
	{ "engine", 'e', "NAME", "engine that runs the guest: auto, kvm or tcg", "auto kvm tcg" },
	{ "kernel", 'k', "SPEC", "kernel to boot, as for kt-kernel find", "<kernel>" },
	COMMON,
};

static const struct opt run_rows[] = {
	{ "scheduler", 's', "NAME", "scheduler under test, or eevdf for what the machine runs",
	  "<scheduler>" },
	{ "topology", 't', "SPEC", "topology that is laid over this machine's", "<preset>" },
	COMMON,
};

const struct opt_table test_options = {
	.command = "test",
	.usage = "[OPTION]... NAME|FILE...",
	.about = "Boots a guest for each test, runs it, and says whether the scheduler behaved.\n",
	.opt = test_rows,
	.end = "See kt(1).\n",
	.operands = "<test>",
};

const struct opt_table run_options = {
	.command = "run",
	.usage = "[OPTION]... NAME|FILE...",
	.about = "Runs tests in cgroups of this machine, without a guest, under its own kernel.\n",
	.opt = run_rows,
	.end = "See kt(1).\n",
	.operands = "<test>",
};

/* One that goes to kt-guest plan as it is. */
static void plan_opt(struct test_opts *o, int c)
{
	static const char *const names[] = { ['s'] = "--scheduler",
					     ['t'] = "--topology",
					     ['d'] = "--duration",
					     ['a'] = "--assert" };

	o->plan[o->nplan++] = names[c];
	o->plan[o->nplan++] = optarg;
}

/* The value of --retry-inconclusive or --wait-quiet: 0 or an exit code. */
static int value_opt(struct test_opts *o, const char *cmd, int c)
{
	uint64_t n = 0;
	struct errbuf e;

	if (c == OPT_QUIET) {
		if (units_duration(optarg, &o->wait_ns, &e))
			return msg_usage("%s: --wait-quiet: %s", cmd, e.text);
		return 0;
	}
	if (units_number(optarg, 0, RETRIES_MAX, &n, &e))
		return msg_usage("%s: --retry-inconclusive: %s", cmd, e.text);
	o->retries = (unsigned int)n;
	return 0;
}

/* -1: go on, else the exit code. */
static int opts_parse(struct test_opts *o, int argc, char **argv)
{
	const char *cmd = argv[0];
	int c, rc;

	while ((c = opts_next(o->host ? &run_options : &test_options, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 's':
		case 't':
		case 'd':
		case 'a':
			plan_opt(o, c);
			break;
		case 'e':
			o->engine = optarg;
			break;
		case 'k':
			o->kernel = optarg;
			break;
		case OPT_RUNS:
			o->runs = optarg;
			break;
		case OPT_RETRY:
		case OPT_QUIET:
			rc = value_opt(o, cmd, c);
			if (rc)
				return rc;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		}
	}
	if (rc >= 0)
		return rc;
	if (optind == argc)
		return msg_usage("%s: expected the name or the file of a test", cmd);
	return -1;
}

/* The command that runs this one test again; the caller frees. NULL: no memory. */
static char *replay(int argc, char **argv, const char *name)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int i;

	if (!f)
		return NULL;
	fprintf(f, "kt %s", argv[0]);
	/* getopt has moved the names behind the options */
	for (i = 1; i < argc && i < optind; i++)
		if (strcmp(argv[i], "--") != 0) {
			putc(' ', f);
			shell_word(f, argv[i]);
		}
	if (*name == '-')
		fputs(" --", f);
	putc(' ', f);
	shell_word(f, name);
	fclose(f);
	return text;
}

struct tally {
	int passed, failed, inconclusive, broken;
	int later; /* of those that passed, not at the first attempt */
	int code;
};

/* Codes of 64 and up tell of a broken run: worse than 1, which is worse than 2. */
static int rank(int code)
{
	return code >= KT_USAGE ? 3 : code == KT_FAIL ? 2 : code == KT_INCONCLUSIVE ? 1 : 0;
}

static void count(struct tally *t, int code)
{
	int *const counters[] = { &t->passed, &t->inconclusive, &t->failed, &t->broken };

	(*counters[rank(code)])++;
	if (rank(code) > rank(t->code))
		t->code = code;
}

/* One test, and again while it is inconclusive; each attempt has its run directory. */
static int attempts(const struct test_opts *o, const char *name, const char *again, struct watch *w,
		    struct tally *t)
{
	static const char *const words[] = { "passed", "was inconclusive", "failed",
					     "could not be run" };
	unsigned int n = o->retries + 1, i = 0;
	int code;

	do {
		code = test_run(o, name, again, w);
		if (++i > 1 || (code == KT_INCONCLUSIVE && n > 1 && !w->signal))
			msg_info("%s %s at attempt %u of %u", name, words[rank(code)], i, n);
	} while (code == KT_INCONCLUSIVE && i < n && !w->signal);
	t->later += code == KT_OK && i > 1;
	return code;
}

static void closing_line(const struct tally *t)
{
	char later[64] = "", broken[32] = "";

	if (t->later)
		snprintf(later, sizeof(later), " (%d not at the first attempt)", t->later);
	if (t->broken)
		snprintf(broken, sizeof(broken), ", %d not run", t->broken);
	fprintf(stderr, "%d passed%s, %d failed, %d inconclusive%s\n", t->passed, later, t->failed,
		t->inconclusive, broken);
}

static int run_all(const struct test_opts *o, int argc, char **argv)
{
	struct tally t = { 0 };
	struct watch w;
	char *again;
	int i, rc, n = argc - optind;

	rc = watch_open(&w, !o->quiet && isatty(STDERR_FILENO));
	if (rc)
		return msg_err(KT_SYS, -rc, "unable to wait for signals");
	for (i = optind; i < argc && !w.signal; i++) {
		again = replay(argc, argv, argv[i]);
		count(&t, again ? attempts(o, argv[i], again, &w, &t)
				: msg_err(KT_SYS, ENOMEM, "unable to run %s", argv[i]));
		free(again);
	}
	watch_close(&w);
	if (w.signal)
		return KT_SIGNAL + w.signal;
	if (n > 1)
		closing_line(&t);
	return t.code;
}

int test_main(int argc, char **argv)
{
	struct test_opts o = { .plan = calloc(2 * (size_t)argc, sizeof(*o.plan)) };
	int rc;

	if (!o.plan)
		return msg_err(KT_SYS, errno, "unable to read the options");
	o.host = strcmp(argv[0], "run") == 0;
	rc = opts_parse(&o, argc, argv);
	if (rc < 0)
		rc = run_all(&o, argc, argv);
	free(o.plan);
	return rc;
}
