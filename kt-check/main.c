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
#include "msg.h"
#include "record.h"

struct opts {
	struct limits over;
};

static const char usage_text[] =
	"Usage: kt-check [OPTION]... < RECORDS\n"
	"Judge a run: pass its records on, then add statistics, checks and a verdict.\n"
	"Limits are those of the test; an option overrides one, and \"off\" turns it off.\n"
	"\n"
	"      --isolation              workers must stay within their cpusets\n"
	"      --no-isolation           ... need not\n"
	"      --not-stuck              every worker must make progress\n"
	"      --no-not-stuck           ... need not\n"
	"      --max-gap-ms N           longest time between two checkpoints of a worker\n"
	"      --max-spread-pct N       difference of off-CPU shares within a cgroup\n"
	"      --max-throughput-cv N    variation of work per CPU time within a cgroup\n"
	"      --min-work-rate N        work units per CPU second of each worker\n"
	"      --min-iteration-rate N   iterations per second of each worker\n"
	"      --max-p99-wake-latency-ns N\n"
	"                               p99 of how late each worker runs after it is woken\n"
	"      --max-wake-latency-cv N  variation of that within a cgroup\n"
	"      --max-p99-timer-late-ns N\n"
	"                               p99 of how late sleeps and timers of each worker end\n"
	"      --max-migration-ratio N  migrations per iteration within a cgroup\n"
	"      --max-migrations-per-s N migrations of a worker per second\n"
	"      --max-migrations-per-timeslice N\n"
	"                               migrations of a worker per turn on a CPU\n"
	"      --min-page-locality N    share of pages on the nodes of the cpuset, 0 to 1\n"
	"      --max-cross-node-migration-ratio N\n"
	"                               pages moved between nodes, per page\n"
	"      --max-slow-tier-ratio N  share of pages on nodes without CPUs, 0 to 1\n"
	"      --cleanup-budget-ms N    from the last stop to the end of the guest's work\n"
	"      --monitor                what samples show, with the defaults of kt-test(5)\n"
	"      --no-monitor             ... only what a limit asks for\n"
	"      --max-imbalance-ratio N  tasks of the fullest CPU to those of the emptiest\n"
	"      --max-local-dsq-depth N  tasks in a CPU's own queue\n"
	"      --fail-on-rq-clock-stuck\n"
	"                               clocks of CPUs that have tasks must go on\n"
	"      --no-fail-on-rq-clock-stuck\n"
	"                               ... need not\n"
	"      --max-fallback-rate N    sched_ext's select_cpu_fallback events per second\n"
	"      --max-keep-last-rate N   sched_ext's dispatch_keep_last events per second\n"
	"      --sustained-samples N    samples in a row that make a violation of these\n"
	"      --no-defaults            none of the checks that are on by default:\n"
	"      --no-work-conservation   ... a CPU may idle while tasks wait that may run there\n"
	"      --no-share               ... CPU time need not be what weights entitle to\n"
	"      --no-quota               ... cgroups may exceed their cpu.max\n"
	"      --no-affinity            ... tasks may run where their masks forbid it\n"
	"      --no-wait                ... tasks may wait for a CPU without end\n"
	"      --no-timeslice           ... who only computes may be switched all the time\n"
	"      --no-migration           ... who could have a CPU may be moved all the time\n"
	"      --no-yield               ... yields need not be heeded\n"
	"      --no-callbacks           ... the scheduler's callbacks may take long\n"
	"      --no-fork                ... fork and exec may fail\n"
	"      --no-progress            ... workers need not do any work\n"
	"      --no-scheduler           ... the scheduler may be away meanwhile\n"
	"      --no-kernel-log          ... the kernel may complain\n"
	"      --no-topology            ... the guest may have other CPUs than asked for\n"
	"      --no-records             ... records may be lost\n"
	"      --no-observer            ... kt itself may use CPU time of the guest\n"
	"  -h, --help                   print this help\n"
	"  -V, --version                print the version\n";

enum {
	OPT_LIMIT = 256,
	OPT_ISOLATION,
	OPT_NO_ISOLATION,
	OPT_NOT_STUCK,
	OPT_NO_NOT_STUCK,
	OPT_MONITOR,
	OPT_NO_MONITOR,
	OPT_CLOCK,
	OPT_NO_CLOCK,
	OPT_OFF /* and behind it a limit_id: of a check that is on by default */
};

static const struct option long_opts[] = {
	{ "isolation", no_argument, NULL, OPT_ISOLATION },
	{ "no-isolation", no_argument, NULL, OPT_NO_ISOLATION },
	{ "not-stuck", no_argument, NULL, OPT_NOT_STUCK },
	{ "no-not-stuck", no_argument, NULL, OPT_NO_NOT_STUCK },
	/* the value is a limit_id, below every letter and OPT_* */
	{ "max-gap-ms", required_argument, NULL, LIM_GAP_MS },
	{ "max-spread-pct", required_argument, NULL, LIM_SPREAD_PCT },
	{ "max-throughput-cv", required_argument, NULL, LIM_THROUGHPUT_CV },
	{ "min-work-rate", required_argument, NULL, LIM_WORK_RATE },
	{ "min-iteration-rate", required_argument, NULL, LIM_ITERATION_RATE },
	{ "max-p99-wake-latency-ns", required_argument, NULL, LIM_P99_LATENCY_NS },
	{ "max-wake-latency-cv", required_argument, NULL, LIM_LATENCY_CV },
	{ "max-p99-timer-late-ns", required_argument, NULL, LIM_P99_TIMER_LATE_NS },
	{ "max-migration-ratio", required_argument, NULL, LIM_MIGRATION_RATIO },
	{ "max-migrations-per-s", required_argument, NULL, LIM_MIGRATIONS_PER_S },
	{ "max-migrations-per-timeslice", required_argument, NULL, LIM_MIGRATIONS_PER_TIMESLICE },
	{ "min-page-locality", required_argument, NULL, LIM_PAGE_LOCALITY },
	{ "max-cross-node-migration-ratio", required_argument, NULL, LIM_CROSS_NODE_RATIO },
	{ "max-slow-tier-ratio", required_argument, NULL, LIM_SLOW_TIER_RATIO },
	{ "cleanup-budget-ms", required_argument, NULL, LIM_CLEANUP_MS },
	{ "monitor", no_argument, NULL, OPT_MONITOR },
	{ "no-monitor", no_argument, NULL, OPT_NO_MONITOR },
	{ "max-imbalance-ratio", required_argument, NULL, LIM_IMBALANCE_RATIO },
	{ "max-local-dsq-depth", required_argument, NULL, LIM_LOCAL_DSQ_DEPTH },
	{ "fail-on-rq-clock-stuck", no_argument, NULL, OPT_CLOCK },
	{ "no-fail-on-rq-clock-stuck", no_argument, NULL, OPT_NO_CLOCK },
	{ "max-fallback-rate", required_argument, NULL, LIM_FALLBACK_RATE },
	{ "max-keep-last-rate", required_argument, NULL, LIM_KEEP_LAST_RATE },
	{ "sustained-samples", required_argument, NULL, LIM_SUSTAINED_SAMPLES },
	{ "no-defaults", no_argument, NULL, OPT_OFF + LIM_DEFAULTS },
	{ "no-work-conservation", no_argument, NULL, OPT_OFF + LIM_WORK_CONSERVATION },
	{ "no-share", no_argument, NULL, OPT_OFF + LIM_SHARE },
	{ "no-quota", no_argument, NULL, OPT_OFF + LIM_QUOTA },
	{ "no-affinity", no_argument, NULL, OPT_OFF + LIM_AFFINITY },
	{ "no-wait", no_argument, NULL, OPT_OFF + LIM_WAIT },
	{ "no-timeslice", no_argument, NULL, OPT_OFF + LIM_TIMESLICE },
	{ "no-migration", no_argument, NULL, OPT_OFF + LIM_MIGRATION },
	{ "no-yield", no_argument, NULL, OPT_OFF + LIM_YIELD },
	{ "no-callbacks", no_argument, NULL, OPT_OFF + LIM_CALLBACKS },
	{ "no-fork", no_argument, NULL, OPT_OFF + LIM_FORK },
	{ "no-progress", no_argument, NULL, OPT_OFF + LIM_PROGRESS },
	{ "no-scheduler", no_argument, NULL, OPT_OFF + LIM_SCHEDULER },
	{ "no-kernel-log", no_argument, NULL, OPT_OFF + LIM_KERNEL_LOG },
	{ "no-topology", no_argument, NULL, OPT_OFF + LIM_TOPOLOGY },
	{ "no-records", no_argument, NULL, OPT_OFF + LIM_RECORDS },
	{ "no-observer", no_argument, NULL, OPT_OFF + LIM_OBSERVER },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* A value for the option that getopt took last, which argv names best. */
static int limit_opt(struct opts *o, int id, const char *value)
{
	struct errbuf e;
	int i;

	if (limits_parse(&o->over, id, value, &e) == 0)
		return 0;
	for (i = 0; long_opts[i].val != id;)
		i++;
	return msg_usage("--%s: %s", long_opts[i].name, e.text);
}

/* -1: go on, else the exit code. */
static int opts_parse(struct opts *o, int argc, char **argv)
{
	int c, rc = 0;

	limits_init(&o->over, LIMIT_UNSET);
	while (!rc && (c = getopt_long(argc, argv, "hV", long_opts, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(usage_text, stdout);
			return KT_OK;
		case 'V':
			printf("kt-check %s\n", KT_VERSION);
			return KT_OK;
		case '?':
			fprintf(stderr, "Try 'kt-check --help'.\n");
			return KT_USAGE;
		case OPT_ISOLATION:
		case OPT_NO_ISOLATION:
			o->over.v[LIM_ISOLATION] = c == OPT_ISOLATION ? 1 : LIMIT_OFF;
			break;
		case OPT_NOT_STUCK:
		case OPT_NO_NOT_STUCK:
			o->over.v[LIM_NOT_STUCK] = c == OPT_NOT_STUCK ? 1 : LIMIT_OFF;
			break;
		case OPT_MONITOR:
		case OPT_NO_MONITOR:
			o->over.v[LIM_MONITOR] = c == OPT_MONITOR ? 1 : LIMIT_OFF;
			break;
		case OPT_CLOCK:
		case OPT_NO_CLOCK:
			o->over.v[LIM_RQ_CLOCK_STUCK] = c == OPT_CLOCK ? 1 : LIMIT_OFF;
			break;
		default:
			if (c >= OPT_OFF)
				o->over.v[c - OPT_OFF] = LIMIT_OFF;
			else
				rc = limit_opt(o, c, optarg);
		}
	}
	if (!rc && optind < argc)
		return msg_usage("unexpected argument '%s' (records come on standard input)",
				 argv[optind]);
	if (!rc && isatty(STDIN_FILENO))
		return msg_usage("standard input is a terminal, expected the records of a run");
	return rc ? rc : -1;
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
