// SPDX-License-Identifier: GPL-2.0-only
/* Which parts the report has, in which order, and the words around the facts. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bug.h"
#include "metrics.h"
#include "record.h"
#include "report.h"
#include "shell.h"
#include "steps.h"
#include "timeline.h"
#include "units.h"

#define FEW 20 /* lines of one kind that a report shows when it is not verbose */

static const char *test_name(const struct facts *s)
{
	return rec_get_str(s->test, "name", "(no test)");
}

static const char *sched_name(const struct facts *s)
{
	struct json_object *sched = rec_get_obj(s->test, "scheduler");

	if (!sched && s->host)
		return rec_get_str(s->host, "scheduler", "eevdf");

	return sched ? rec_get_str(sched, "name", "(unnamed)") : "eevdf";
}

static const char *topo_name(const struct facts *s)
{
	return rec_get_str(s->topology, "spec", rec_get_str(s->test, "topology", NULL));
}

static void show_seconds(const struct term *out, int64_t ns)
{
	fprintf(out->f, "%.1fs", (double)ns / NSEC_PER_SEC);
}

/* kt test 'name' [sched=x] [topo=y] failed: */
static void header(const struct term *out, const struct facts *s)
{
	static const char *const ends[] = {
		[FACTS_NONE] = " not judged:",
		[FACTS_PASS] = " passed",
		[FACTS_FAIL] = " failed:",
		[FACTS_INCONCLUSIVE] = " inconclusive:",
	};

	term_word(out, COLOUR_BOLD, s->host ? "kt run" : "kt test");
	fputs(" '", out->f);
	term_text(out, test_name(s));
	fputs("'", out->f);
	if (s->test) {
		fputs(" [sched=", out->f);
		term_text(out, sched_name(s));
		fputs("]", out->f);
	}
	if (topo_name(s)) {
		fputs(" [topo=", out->f);
		term_text(out, topo_name(s));
		fputs("]", out->f);
	}
	fputs(ends[s->verdict], out->f);
	fputs("\n", out->f);
}

/* One line for each check with this verdict; of many of one kind only the first few. */
static void violations(const struct term *out, const struct facts *s, const char *verdict,
		       bool verbose)
{
	unsigned long kind = 0, hidden = 0;
	const char *name, *last = "";
	unsigned int i;

	for (i = 0; i < s->checks.n; i++) {
		struct json_object *o = s->checks.rec[i];

		if (strcmp(rec_get_str(o, "verdict", ""), verdict) != 0)
			continue;
		name = rec_get_str(o, "name", "");
		kind = strcmp(name, last) == 0 ? kind + 1 : 1;
		last = name;
		if (kind > FEW && !verbose) {
			hidden++;
			continue;
		}
		term_text(out, rec_get_str(o, "detail", "(no detail)"));
		fputs("\n", out->f);
	}
	if (hidden)
		fprintf(out->f, "... and %lu more (kt-report -v shows them)\n", hidden);
	if (s->checks.beyond)
		fprintf(out->f, "... and %lu more checks in the input\n", s->checks.beyond);
}

/* How the guest ended, when nobody judged it. */
static void what_happened(const struct term *out, const struct facts *s)
{
	const char *detail = rec_get_str(s->vm_exit, "detail", NULL);
	struct json_object *panic = rec_get_arr(s->vm_exit, "panic"), *line;

	if (s->host && s->host_ns < 0) {
		fputs("the run did not come to its end\n", out->f);
		return;
	}
	if (!s->vm_exit) {
		fputs("no record says how the guest ended\n", out->f);
		return;
	}
	fputs("the run ended: ", out->f);
	term_text(out, rec_get_str(s->vm_exit, "cause", "(no cause)"));
	line = panic ? json_object_array_get_idx(panic, 0) : NULL;
	if (json_object_is_type(line, json_type_string))
		detail = json_object_get_string(line);
	if (detail)
		fputs(": ", out->f);
	term_text(out, detail);
	fputs("\n", out->f);
}

static void checks(const struct term *out, const struct facts *s)
{
	unsigned int i;

	if (!s->checks.n)
		return;
	term_section(out, "checks");
	for (i = 0; i < s->checks.n; i++) {
		struct json_object *o = s->checks.rec[i];

		term_text(out, rec_get_str(o, "verdict", ""));
		fputs(" ", out->f);
		term_text(out, rec_get_str(o, "name", ""));
		fputs(": ", out->f);
		term_text(out, rec_get_str(o, "detail", ""));
		fputs("\n", out->f);
	}
}

static long long count(struct json_object *o, const char *key)
{
	return (long long)rec_get_int(o, key, 0);
}

static void optional_us(const struct term *out, struct json_object *o, const char *key,
			const char *label)
{
	double v = rec_get_dbl(o, key, -1);

	if (v >= 0)
		fprintf(out->f, " %s=%.0fus", label, v);
}

static void total_line(const struct term *out, struct json_object *o)
{
	fprintf(out->f,
		"%lld workers, %lld cpus, %lld migrations, worst_spread=%.1f%%, worst_gap=%.0fms\n",
		count(o, "workers"), count(o, "cpus"), count(o, "migrations"),
		rec_get_dbl(o, "spread_pct", 0), rec_get_dbl(o, "max_gap_ms", 0));
}

/* What makes up a cgroup of several worker groups or steps. */
static void groups(const struct term *out, struct json_object *list, bool verbose)
{
	size_t i, n = list ? json_object_array_length(list) : 0, shown = verbose || n < 8 ? n : 8;
	struct json_object *g;

	for (i = 0; i < shown; i++) {
		g = json_object_array_get_idx(list, i);
		fputs("  ", out->f);
		if (rec_get_int(g, "step", -1) >= 0)
			fprintf(out->f, "step %lld ", count(g, "step"));
		fprintf(out->f, "group %lld ", count(g, "group"));
		term_text(out, rec_get_str(g, "work", ""));
		fprintf(out->f,
			": workers=%lld spread=%.1f%% gap=%.0fms migrations=%lld iter=%lld\n",
			count(g, "workers"), rec_get_dbl(g, "spread_pct", 0),
			rec_get_dbl(g, "max_gap_ms", 0), count(g, "migrations"),
			count(g, "iterations"));
	}
	if (shown < n)
		fprintf(out->f, "  ... and %zu more\n", n - shown);
}

static void cgroup_line(const struct term *out, struct json_object *o, bool verbose)
{
	term_text(out, rec_get_str(o, "cgroup", ""));
	fprintf(out->f,
		": workers=%lld cpus=%lld spread=%.1f%% gap=%.0fms migrations=%lld iter=%lld",
		count(o, "workers"), count(o, "cpus"), rec_get_dbl(o, "spread_pct", 0),
		rec_get_dbl(o, "max_gap_ms", 0), count(o, "migrations"), count(o, "iterations"));
	if (verbose) {
		fprintf(out->f, " off_cpu=%.1f%%", rec_get_dbl(o, "avg_off_cpu_pct", 0));
		optional_us(out, o, "p99_wake_us", "p99_wake");
		optional_us(out, o, "run_delay_us", "run_delay");
	}
	fputs("\n", out->f);
	groups(out, rec_get_arr(o, "groups"), verbose);
}

static void stats(const struct term *out, const struct facts *s, bool verbose)
{
	const struct list *l = &s->stats;
	unsigned long shown = verbose || l->n < FEW ? l->n : FEW, i;

	if (!count(s->total, "workers"))
		return;
	term_section(out, "stats");
	total_line(out, s->total);
	for (i = 0; i < shown; i++)
		cgroup_line(out, l->rec[i], verbose);
	if (l->n + l->beyond > shown)
		fprintf(out->f, "... and %lu more cgroups\n", l->n + l->beyond - shown);
}

static void field_line(const struct term *out, struct json_object *o)
{
	static const char *const figures[] = { "mean", "min", "max", "last", "delta", "cpu_max" };
	struct json_object *v;
	size_t i;

	term_text(out, rec_get_str(o, "field", "?"));
	fprintf(out->f, ": samples=%lld", count(o, "samples"));
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		if (json_object_object_get_ex(o, figures[i], &v) && v)
			fprintf(out->f, " %s=%.15g", figures[i], json_object_get_double(v));
	fputs("\n", out->f);
}

/* What was seen from outside. */
static void observation(const struct term *out, const struct facts *s, bool all)
{
	unsigned int i;

	if (s->timeline)
		timeline_monitor(s->timeline, out);
	for (i = 0; i < s->fields.n; i++)
		field_line(out, s->fields.rec[i]);
	if (s->timeline && all)
		timeline_show(s->timeline, out);
}

static void log_tail(const struct term *out, const char *title, const struct tail *t)
{
	unsigned long i = t->n > FACTS_TAIL ? t->n - FACTS_TAIL : 0;

	if (!t->n)
		return;
	term_section(out, title);
	if (i)
		fprintf(out->f, "(%lu lines before)\n", i);
	for (; i < t->n; i++) {
		term_text(out, rec_get_str(t->line[i % FACTS_TAIL], "text", ""));
		fputs("\n", out->f);
	}
}

/* Of a run without a guest: where it was. */
static void host_facts(const struct term *out, struct json_object *o)
{
	term_section(out, "run");
	fputs("on this machine, kernel=", out->f);
	term_text(out, rec_get_str(o, "kernel", "?"));
	fputs(" cpus=", out->f);
	term_text(out, rec_get_str(o, "cpus", "?"));
	fputs(" cgroup=", out->f);
	term_text(out, rec_get_str(o, "cgroup", "?"));
	fputs("\n", out->f);
}

/* host: steal 12.3% mean, 46.0% on vCPU 2; load 7.1; tcg */
static void host_line(const struct term *out, struct json_object *host)
{
	const char *engine = rec_get_str(host, "engine", NULL);
	double steal = rec_get_dbl(host, "steal_pct", -1),
	       worst = rec_get_dbl(host, "worst_pct", -1);
	struct json_object *load = rec_get_arr(host, "load"), *now;

	if (!host)
		return;
	if (rec_get_bool(host, "known", false) && steal >= 0)
		fprintf(out->f, "host: steal %.1f%% mean", steal);
	else
		fputs("host: steal unknown", out->f);
	if (steal >= 0 && worst >= 0)
		fprintf(out->f, ", %.1f%% on vCPU %lld", worst, count(host, "worst_cpu"));
	now = load && json_object_array_length(load) ? json_object_array_get_idx(load, 0) : NULL;
	if (now)
		fprintf(out->f, "; load %.1f", json_object_get_double(now));
	fputs(engine ? "; " : "", out->f);
	term_text(out, engine);
	fputs("\n", out->f);
}

/* What to do about a run that says nothing. */
static void advice(const struct term *out, const struct facts *s)
{
	const char *text = rec_get_str(s->verdict_rec, "advice", NULL);

	if (!text)
		return;
	fputs("advice  ", out->f);
	term_text(out, text);
	fputs("\n", out->f);
}

static void run_facts(const struct term *out, const struct facts *s, bool verbose)
{
	const char *why = rec_get_str(s->vm, "why", NULL);
	const char *kernel = rec_get_str(s->kernel, "version", NULL);

	if (s->host)
		host_facts(out, s->host);
	if (!s->vm)
		return;
	term_section(out, "run");
	fputs("engine=", out->f);
	term_text(out, rec_get_str(s->vm, "engine", "?"));
	fputs(" (", out->f);
	term_text(out, rec_get_str(s->vm, "engine_version", "?"));
	fputs(")", out->f);
	fputs(kernel ? " kernel=" : "", out->f);
	term_text(out, kernel);
	if (s->init_ns >= 0) {
		fputs(" boot=", out->f);
		show_seconds(out, s->init_ns);
	}
	if (s->vm_exit) {
		fputs(" wall=", out->f);
		show_seconds(out, rec_get_ns(s->vm_exit, "t_ns", 0));
	}
	fputs("\n", out->f);
	if (why && verbose) {
		term_text(out, why);
		fputs("\n", out->f);
	}
}

/* FAIL name [scx_kt 1n2l2c1t] 24.6s */
static void verdict_line(const struct term *out, const struct facts *s)
{
	static const struct {
		const char *word;
		enum colour colour;
	} words[] = {
		[FACTS_NONE] = { "NOT JUDGED", COLOUR_YELLOW },
		[FACTS_PASS] = { "PASS", COLOUR_GREEN },
		[FACTS_FAIL] = { "FAIL", COLOUR_RED },
		[FACTS_INCONCLUSIVE] = { "INCONCLUSIVE", COLOUR_YELLOW },
	};

	term_word(out, words[s->verdict].colour, words[s->verdict].word);
	fputs(" ", out->f);
	term_text(out, test_name(s));
	if (s->test) {
		fputs(" [", out->f);
		term_text(out, sched_name(s));
		fputs(topo_name(s) ? " " : "", out->f);
		term_text(out, topo_name(s));
		fputs("]", out->f);
	}
	if (s->vm_exit || s->host_ns >= 0) {
		fputs(" ", out->f);
		show_seconds(out, s->vm_exit ? rec_get_ns(s->vm_exit, "t_ns", 0) : s->host_ns);
	}
	fputs("\n", out->f);
}

/* The command that runs the test of these records again, as it was asked for. */
static void replay_of(const struct term *out, const struct facts *s)
{
	struct json_object *options = rec_get_arr(s->test, "options"), *o;
	size_t i, n = options ? json_object_array_length(options) : 0, len;
	char *text = NULL;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	fputs(s->host ? "kt run " : "kt test ", f);
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(options, i);
		if (!json_object_is_type(o, json_type_string))
			continue;
		shell_word(f, json_object_get_string(o));
		putc(' ', f);
	}
	shell_word(f, test_name(s));
	fclose(f);
	term_text(out, text);
	free(text);
}

static void replay_line(const struct term *out, const struct facts *s, const char *replay)
{
	if (!replay && !s->test)
		return;
	fputs("replay  ", out->f);
	if (replay)
		term_text(out, replay);
	else
		replay_of(out, s);
	fputs("\n", out->f);
}

void report_write(const struct term *out, const struct facts *s, bool verbose, const char *replay)
{
	const bool good = s->verdict == FACTS_PASS, none = s->verdict == FACTS_NONE;
	const bool bug = (!good || verbose) && bug_there(s);

	if (bug)
		bug_summary(out, s);
	if (!good || verbose)
		header(out, s);
	if (none)
		what_happened(out, s);
	else if (!good)
		violations(out, s, s->verdict == FACTS_FAIL ? "fail" : "inconclusive", verbose);
	if (verbose)
		checks(out, s);
	if (bug)
		bug_dump(out, s, verbose);
	if (!good || verbose)
		steps_write(out, s, verbose);
	stats(out, s, verbose);
	metrics_write(out, s, verbose);
	observation(out, s, !good || verbose);
	if (s->scheduler_failed || none || verbose)
		log_tail(out, "scheduler", &s->log);
	if (s->run_failed || none || verbose || (bug && s->bug.last.snapshot))
		log_tail(out, "console", &s->console);
	if (!good || verbose)
		run_facts(out, s, verbose);
	host_line(out, rec_get_obj(s->theft, "host"));
	verdict_line(out, s);
	if (s->verdict == FACTS_INCONCLUSIVE)
		advice(out, s);
	if (!good)
		replay_line(out, s, replay);
}
