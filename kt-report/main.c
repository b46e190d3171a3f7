// SPDX-License-Identifier: GPL-2.0-only
/*
 * kt-report: the end of the pipeline, where records become text for people. The
 * one filter whose standard output is no records; the verdict is its exit code.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "facts.h"
#include "msg.h"
#include "opts.h"
#include "perfetto.h"
#include "plan.h"
#include "record.h"
#include "report.h"
#include "stream.h"

enum colour_when { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct opts {
	enum colour_when colour;
	bool verbose;
	const char *perfetto; /* file, or NULL */
	enum { TELL_RUN, TELL_PLAN, TELL_LIST } what;
};

enum { OPT_COLOR = 256, OPT_PLAN, OPT_LIST, OPT_PERFETTO };

static const struct opt rows[] = {
	{ "verbose", 'v', NULL, "also what passed, and the logs", NULL },
	{ "plan", OPT_PLAN, NULL, "what the test would do, instead of a run", NULL },
	{ "list", OPT_LIST, NULL, "the items of a list, instead of a run", NULL },
	{ "perfetto", OPT_PERFETTO, "FILE", "also write a trace for ui.perfetto.dev", "<file>" },
	{ "color", OPT_COLOR, "WHEN", "auto (on a terminal, the default), always or never",
	  "auto always never" },
	{ 0 },
};

static const struct opt_table table = {
	.usage = "[OPTION]... < RECORDS",
	.about = "Tells people what the records of a run say.\n",
	.opt = rows,
	.end = "The exit code is the verdict's: 0 pass, 1 fail, 2 inconclusive; 65 for none.\n",
};

static int color_opt(struct opts *o, const char *when)
{
	static const char *const names[] = {
		[COLOUR_AUTO] = "auto", [COLOUR_ALWAYS] = "always", [COLOUR_NEVER] = "never"
	};
	int i;

	for (i = 0; i <= COLOUR_NEVER; i++) {
		if (strcmp(when, names[i]) == 0) {
			o->colour = i;
			return 0;
		}
	}
	return msg_usage("--color: expected auto, always or never, not '%s'", when);
}

/* -1: go on, else the exit code. */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	int c, rc;

	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		switch (c) {
		case 'v':
			o->verbose = true;
			break;
		case OPT_PLAN:
			o->what = TELL_PLAN;
			break;
		case OPT_LIST:
			o->what = TELL_LIST;
			break;
		case OPT_PERFETTO:
			o->perfetto = optarg;
			break;
		case OPT_COLOR:
			rc = color_opt(o, optarg);
			if (rc)
				return rc;
			break;
		}
	}
	if (rc >= 0)
		return rc;
	if (optind < argc)
		return msg_usage("unexpected argument '%s' (records come on standard input)",
				 argv[optind]);
	if (isatty(STDIN_FILENO))
		return msg_usage("standard input is a terminal, expected the records of a run");
	return -1;
}

/* An empty variable is as good as none, as for NO_COLOR by its definition. */
static const char *env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

static bool use_colour(enum colour_when when)
{
	const char *term = env("TERM");

	if (when != COLOUR_AUTO)
		return when == COLOUR_ALWAYS;
	return isatty(STDOUT_FILENO) && !env("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

/* Reads all; the first thing that is wrong with the input stays in `bad`. */
static void read_all(struct rec_in *in, struct facts *s, struct perfetto *p, bool run,
		     struct errbuf *bad)
{
	struct stream whole = { 0 };
	struct errbuf e;
	int rc;

	while ((rc = rec_next(in, &e)) != 0) {
		if (rc < 0 && !bad->text[0])
			*bad = e;
		if (rc < 0 && rc != -EBADMSG)
			return;
		if (rc > 0 &&
		    ((run && stream_take(&whole, in->obj, &e) < 0) ||
		     facts_take(s, in->obj, &e) < 0) &&
		    !bad->text[0])
			errbuf_set(bad, 0, "line %lu: %s record: %s", in->seq,
				   rec_get_str(in->obj, "type", ""), e.text);
		if (rc > 0 && p)
			perfetto_take(p, in->obj);
	}
	if (!bad->text[0] && rec_in_complete(in, bad) == 0 && run)
		stream_complete(&whole, in->seq, bad);
}

/* What there is to tell is told, also when the input is broken. */
static void tell(const struct opts *o, const struct term *out, const struct facts *s,
		 struct errbuf *bad)
{
	bool run = s->vm || s->vm_exit || s->host || s->verdict != FACTS_NONE;

	if (o->what == TELL_LIST)
		plan_items(out, &s->items);
	else if (o->what == TELL_PLAN && s->test)
		plan_write(out, s->test);
	else if (o->what == TELL_RUN && run)
		report_write(out, s, o->verbose, env("KT_REPLAY"));
	else if (!bad->text[0])
		errbuf_set(bad, 0, "nothing to report: %s in the input",
			   o->what == TELL_PLAN ? "no test" : "no run and no verdict");
}

static int code_of(const struct opts *o, const struct facts *s)
{
	if (o->what != TELL_RUN)
		return KT_OK;
	switch (s->verdict) {
	case FACTS_PASS:
		return KT_OK;
	case FACTS_FAIL:
		return KT_FAIL;
	case FACTS_INCONCLUSIVE:
		return s->allowed ? KT_OK : KT_INCONCLUSIVE;
	default:
		return KT_DATA; /* facts_judged() has said so */
	}
}

static int run(const struct opts *o)
{
	const struct term out = { .f = stdout, .colour = use_colour(o->colour) };
	struct errbuf bad = { 0 };
	struct facts s;
	struct perfetto *p = NULL;
	struct errbuf e;
	struct rec_in in;
	bool judged;
	int rc;

	if (o->perfetto) {
		p = perfetto_open(o->perfetto, &e);
		if (!p)
			return msg_err(KT_OUTPUT, 0, "%s", e.text);
	}
	facts_init(&s);
	rec_in_init(&in, stdin);
	read_all(&in, &s, p, o->what == TELL_RUN, &bad);
	judged = s.verdict != FACTS_NONE;
	if (o->what == TELL_RUN && judged && !bad.text[0])
		facts_judged(&s, &bad);
	if (bad.text[0] && s.verdict == FACTS_PASS)
		s.verdict = FACTS_NONE; /* of a stream that cannot be believed */
	tell(o, &out, &s, &bad);
	if (o->what == TELL_RUN && !judged && !bad.text[0])
		facts_judged(&s, &bad);
	if (bad.text[0])
		fflush(stdout); /* on a terminal the message comes after the report */
	if (in.upstream)
		rc = in.upstream; /* which has said why */
	else
		rc = bad.text[0] ? msg_err(KT_DATA, 0, "%s", bad.text) : code_of(o, &s);
	if (p && perfetto_close(p, &e))
		rc = msg_err(KT_OUTPUT, 0, "%s", e.text);
	rec_in_free(&in);
	facts_free(&s);
	return rc;
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	int rc;

	msg_init("kt-report");
	rc = opts_parse(&o, argc, argv);
	if (rc < 0)
		rc = run(&o);
	return msg_finish(rc);
}
