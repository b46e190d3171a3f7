// SPDX-License-Identifier: GPL-2.0-only
/*
 * kt-check: judges one run. Lines are passed on as they come; after the last one
 * the statistics, a check record for each finding and the verdict follow.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "all.h"
#include "exit.h"
#include "judge/judge.h"
#include "judge/stats.h"
#include "model/model.h"
#include "model/temporal.h"
#include "msg.h"
#include "opts.h"
#include "record.h"

struct opts {
	struct limits over;
};

/* The number of an option of a limit, plus the limit. */
enum { OPT_VALUE = 256, OPT_ON = OPT_VALUE + LIMIT_COUNT, OPT_OFF = OPT_ON + LIMIT_COUNT };

#define NAME_MAX_LEN 48

static void option_name(char name[NAME_MAX_LEN], const char *prefix, enum limit limit)
{
	snprintf(name, NAME_MAX_LEN, "%s%s", prefix, limit_defs[limit].key);
	for (; *name; name++)
		if (*name == '_')
			*name = '-';
}

/* Those of all limits, a heading, and the end. */
static struct opt rows[2 * LIMIT_COUNT + 2];

static const struct opt_table table = {
	.usage = "[OPTION]... < RECORDS",
	.about =
		"Judges a run: passes its records on, then adds statistics, checks and a verdict.\n"
		"Limits are those of the test; an option overrides one, and \"off\" turns it off.\n",
	.opt = rows,
};

static void fill_rows(void)
{
	static char names[2 * LIMIT_COUNT][NAME_MAX_LEN];
	char(*name)[NAME_MAX_LEN] = names;
	struct opt *o = rows;
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		const struct limit_def *d = &limit_defs[i];
		bool normal = i < LIMIT_DEFAULTS; /* off unless it is asked for */

		if (i == LIMIT_DEFAULTS)
			*o++ = (struct opt){ .help = "These are on unless they are turned off:" };
		if (normal) {
			option_name(*name, "", i);
			*o++ = (struct opt){ *name++, (d->flag ? OPT_ON : OPT_VALUE) + i,
					     d->flag ? NULL : "N", d->help, NULL };
		}
		if (!d->flag)
			continue;
		option_name(*name, "no-", i);
		*o++ = (struct opt){ *name++, OPT_OFF + i, NULL, normal ? "... or not" : d->help,
				     NULL };
	}
}

static int limit_opt(struct opts *o, enum limit limit, const char *value)
{
	char name[NAME_MAX_LEN];
	struct errbuf e;

	if (limits_parse(&o->over, limit, value, &e) == 0)
		return 0;
	option_name(name, "", limit);
	return msg_usage("--%s: %s", name, e.text);
}

/* -1: go on, else the exit code. */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	int c, rc;

	fill_rows();
	limits_init(&o->over, LIMIT_UNSET);
	while ((c = opts_next(&table, argc, argv, &rc)) >= 0) {
		if (c >= OPT_OFF)
			o->over.v[c - OPT_OFF] = LIMIT_OFF;
		else if (c >= OPT_ON)
			o->over.v[c - OPT_ON] = 1;
		else if (limit_opt(o, c - OPT_VALUE, optarg))
			return KT_USAGE;
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

static bool is_judgement(const char *type)
{
	return strcmp(type, "stats") == 0 || strcmp(type, "check") == 0 ||
	       strcmp(type, "verdict") == 0;
}

/* What an earlier judgement added to the stream: the new one takes its place. */
static bool is_old_judgement(struct json_object *o)
{
	const char *tool = rec_get_str(o, "tool", "");

	if (is_judgement(rec_get_str(o, "type", "")))
		return true;
	return rec_is(o, "end") &&
	       (strcmp(tool, "kt-check") == 0 || strcmp(tool, "kt-report") == 0);
}

struct input {
	struct rec_in in;
	struct rec_out *out;
	struct model *m;
	struct errbuf bad; /* the first thing that is wrong with it, or "" */
};

/* The record just read cannot be believed if rc is negative. */
static void believe(struct input *i, int rc, const struct errbuf *e)
{
	if (rc < 0 && !i->bad.text[0])
		errbuf_set(&i->bad, rc, "line %lu: %s record: %s", i->in.seq,
			   rec_get_str(i->in.obj, "type", ""),
			   e->text[0] ? e->text : strerror(-rc));
}

static void take(struct input *i)
{
	struct errbuf e;
	int rc = whole_take(&i->m->whole, i->in.obj, &e);

	if (!rc)
		rc = model_take(i->m, i->in.line, i->in.len, i->in.obj, &e);
	believe(i, rc, &e);
}

static void set_bad(struct input *i, const struct errbuf *e)
{
	if (!i->bad.text[0])
		i->bad = *e;
}

/* Has the model a use for this line, which is of a type that it may want? */
static bool is_of_use(const struct input *i, const char *type)
{
	if (strcmp(type, "console") == 0 && !klog_wants(&i->m->klog, i->in.line, i->in.len))
		return false;
	return model_wants(i->m, type);
}

/* The line just read: passed on, and taken if it is of a type that is judged. */
static void look_at(struct input *i, bool ended, int upstream)
{
	char buf[REC_TYPE_MAX];
	const char *type = rec_peek(&i->in, buf);
	struct errbuf e;

	if (*type && !is_judgement(type) && !stream_wants(type) && !is_of_use(i, type)) {
		rec_pass(i->out, i->in.line, i->in.len); /* most of a stream: not even parsed */
		return;
	}
	if (*type && model_unparsed(i->m, type) &&
	    model_take_line(i->m, i->in.line, i->in.len, &e) == 0) {
		rec_pass(i->out, i->in.line, i->in.len);
		return;
	}
	if (rec_parse(&i->in, &e) < 0)
		set_bad(i, &e);
	if (is_old_judgement(i->in.obj)) {
		believe(i, stream_take(&i->m->whole.stream, i->in.obj, &e), &e);
		i->in.ended = ended;
		i->in.upstream = upstream;
		return;
	}
	rec_pass(i->out, i->in.line, i->in.len);
	if (i->in.obj)
		take(i);
}

static void read_all(struct input *i)
{
	struct errbuf e;
	bool ended;
	int rc;

	do {
		ended = i->in.ended;
		rc = rec_line(&i->in, &e);
		if (rc > 0)
			look_at(i, ended, i->in.upstream);
		else if (rc < 0)
			set_bad(i, &e);
	} while (rc > 0);
}

static int judge(const struct opts *o, struct model *m, struct rec_out *out)
{
	struct judge j = { .m = m, .out = out };

	limits_override(&m->limits, &o->over);
	limits_complete(&m->limits);
	if (model_close(m))
		return msg_err(KT_SYS, ENOMEM, "unable to judge");
	stats_write(m, out);
	temporal_stats(&m->seen, out);
	if (!m->on_host)
		stats_host(m, out);
	judge_all(&j);
	return judge_verdict(&j);
}

static int run(const struct opts *o, struct rec_out *out)
{
	struct model m;
	struct input i = { .out = out, .m = &m };
	FILE *f = rec_stdin(out);
	int rc;

	if (!f || model_init(&m))
		return msg_err(KT_SYS, ENOMEM, "unable to start");
	m.seen.monitor = limits_monitor(&o->over);
	rec_in_init(&i.in, f);
	read_all(&i);
	if (i.in.upstream) {
		rc = i.in.upstream; /* which has said why */
	} else {
		if (!i.bad.text[0] && rec_in_complete(&i.in, &i.bad) == 0 && !m.have_test)
			errbuf_set(&i.bad, 0, "no test record in the input");
		if (!i.bad.text[0])
			stream_complete(&m.whole.stream, i.in.seq, &i.bad);
		rc = i.bad.text[0] ? msg_err(KT_DATA, 0, "%s", i.bad.text) : judge(o, &m, out);
	}
	rec_in_free(&i.in);
	model_free(&m);
	fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	struct rec_out out = { .f = stdout };
	int rc;

	msg_init("kt-check");
	rc = opts_parse(&o, argc, argv);
	if (rc == KT_OK)
		return msg_finish(rc);
	if (rc < 0)
		rc = run(&o, &out);
	rec_end(&out, rc);
	return msg_finish(rc);
}
