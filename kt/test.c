// SPDX-License-Identifier: GPL-2.0-only
/* kt test: options, one test after another, the worst result. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "test.h"
#include "watch.h"

const char run_options[] =
	"  -s, --scheduler=NAME    scheduler under test, or eevdf for what the machine runs\n"
	"  -t, --topology=SPEC     topology that is laid over this machine's\n"
	"  -d, --duration=TIME     duration of the test, such as 20s\n"
	"  -a, --assert=KEY=VALUE  a limit of the assert block; may be repeated\n"
	"      --runs=DIR          where run directories are made\n"
	"  -q, --quiet             no progress line, and no report of tests that pass\n"
	"  -v, --verbose           report also what passed, and the logs\n";

const char test_options[] =
	"  -s, --scheduler=NAME    scheduler under test: a name, a path, or eevdf\n"
	"  -t, --topology=SPEC     topology of the guest, such as 1n2l4c2t, or a preset\n"
	"  -d, --duration=TIME     duration of the test, such as 20s\n"
	"  -a, --assert=KEY=VALUE  a limit of the assert block; may be repeated\n"
	"  -e, --engine=NAME       engine that runs the guest: auto, kvm or tcg\n"
	"  -k, --kernel=SPEC       kernel to boot, as for kt-kernel find\n"
	"      --runs=DIR          where run directories are made\n"
	"  -q, --quiet             no progress line, and no report of tests that pass\n"
	"  -v, --verbose           report also what passed, and the logs\n";

enum { OPT_RUNS = 256 };

static const struct option long_opts[] = {
	{ "scheduler", required_argument, NULL, 's' },
	{ "topology", required_argument, NULL, 't' },
	{ "duration", required_argument, NULL, 'd' },
	{ "assert", required_argument, NULL, 'a' },
	{ "engine", required_argument, NULL, 'e' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "runs", required_argument, NULL, OPT_RUNS },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
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

static int help(const struct test_opts *o)
{
	if (o->host)
		printf("Usage: kt run [OPTION...] NAME|FILE...\n"
		       "Run tests in cgroups of this machine, without a guest, under its own "
		       "kernel.\n\n%s",
		       run_options);
	else
		printf("Usage: kt test [OPTION...] NAME|FILE...\n"
		       "Boot a guest for each test, run it, and say whether the scheduler "
		       "behaved.\n\n%s",
		       test_options);
	fputs("  -h, --help              show this and exit\n\nSee kt(1).\n", stdout);
	return KT_OK;
}

/* -1: go on, else the exit code. */
static int opts_parse(struct test_opts *o, int argc, char **argv)
{
	const char *cmd = argv[0];
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":s:t:d:a:e:k:qvh", long_opts, NULL)) != -1) {
		if (o->host && (c == 'e' || c == 'k'))
			return msg_usage("run: a run without a guest has no %s",
					 c == 'e' ? "engine" : "other kernel");
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
		case 'q':
			o->quiet = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'h':
			return help(o);
		case ':':
			return msg_usage("%s: option '%s' needs a value", cmd, argv[optind - 1]);
		default:
			return msg_usage("%s: unknown option '%s'", cmd, argv[optind - 1]);
		}
	}
	if (optind == argc)
		return msg_usage("%s: expected the name or the file of a test", cmd);
	return -1;
}

/* Adds a word as a shell reads it. */
static void quote(FILE *f, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:=@%+,-";

	if (*word && strspn(word, plain) == strlen(word)) {
		fputs(word, f);
		return;
	}
	putc('\'', f);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", f);
		else
			putc(*word, f);
	}
	putc('\'', f);
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
			quote(f, argv[i]);
		}
	if (*name == '-')
		fputs(" --", f);
	putc(' ', f);
	quote(f, name);
	fclose(f);
	return text;
}

struct tally {
	int passed, failed, inconclusive, broken;
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
		count(&t, again ? test_run(o, argv[i], again, &w)
				: msg_err(KT_SYS, ENOMEM, "unable to run %s", argv[i]));
		free(again);
	}
	watch_close(&w);
	if (w.signal)
		return KT_SIGNAL + w.signal;
	if (n > 1 && t.broken)
		fprintf(stderr, "%d passed, %d failed, %d inconclusive, %d not run\n", t.passed,
			t.failed, t.inconclusive, t.broken);
	else if (n > 1)
		fprintf(stderr, "%d passed, %d failed, %d inconclusive\n", t.passed, t.failed,
			t.inconclusive);
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
