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
#include "shell.h"
#include "test.h"
#include "units.h"
#include "watch.h"

const char run_options[] =
	"  -s, --scheduler=NAME    scheduler under test, or eevdf for what the machine runs\n"
	"  -t, --topology=SPEC     topology that is laid over this machine's\n"
	"  -d, --duration=TIME     duration of the test, such as 20s\n"
	"  -a, --assert=KEY=VALUE  a limit of the assert block; may be repeated\n"
	"      --runs=DIR          where run directories are made\n"
	"      --retry-inconclusive=N  run again, up to N times, what was inconclusive\n"
	"      --wait-quiet=TIME   wait up to TIME until this machine has CPUs to spare\n"
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
	"      --retry-inconclusive=N  run again, up to N times, what was inconclusive\n"
	"      --wait-quiet=TIME   wait up to TIME until this machine has CPUs to spare\n"
	"  -q, --quiet             no progress line, and no report of tests that pass\n"
	"  -v, --verbose           report also what passed, and the logs\n";

enum { OPT_RUNS = 256, OPT_RETRY, OPT_QUIET };

#define RETRIES_MAX 100

static const struct option long_opts[] = {
	{ "scheduler", required_argument, NULL, 's' },
	{ "topology", required_argument, NULL, 't' },
	{ "duration", required_argument, NULL, 'd' },
	{ "assert", required_argument, NULL, 'a' },
	{ "engine", required_argument, NULL, 'e' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "runs", required_argument, NULL, OPT_RUNS },
	{ "retry-inconclusive", required_argument, NULL, OPT_RETRY },
	{ "wait-quiet", required_argument, NULL, OPT_QUIET },
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
	int c, rc;

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
