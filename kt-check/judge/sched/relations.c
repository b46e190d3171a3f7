// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks "share_of" and "ratio": what the test asks of cgroups against each other, over
 * all steps. A cgroup's figure is that of its workers and of those in cgroups below it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/check.h"
#include "record.h"
#include "relations.h"
#include "units.h"

#define NAMES_MAX     64
#define TOLERANCE_PCT 10.0
#define UNPAID        3 /* longest stretches on each CPU, of what the host withheld */

struct figures {
	double cpu_time, iterations, work_units;
	uint64_t wall_ns; /* the longest */
	int64_t from, to; /* t_ns */
	uint64_t workers;
};

static bool is_within(const char *cgroup, const char *name)
{
	size_t n = strlen(name);

	return strncmp(cgroup, name, n) == 0 && (cgroup[n] == '/' || !cgroup[n]);
}

static void add_group(const struct judge *j, struct figures *f, const struct group *g)
{
	const struct worker *w;
	int64_t from, to;

	for (w = worker_next(j, g, NULL); w; w = worker_next(j, g, w)) {
		f->cpu_time += (double)w->cpu_ns;
		f->iterations += (double)w->iterations;
		f->work_units += (double)w->work_units;
		f->wall_ns = w->wall_ns > f->wall_ns ? w->wall_ns : f->wall_ns;
		worker_time(j, g, w, &from, &to);
		f->from = !f->workers || from < f->from ? from : f->from;
		f->to = !f->workers || to > f->to ? to : f->to;
		f->workers++;
	}
}

static struct figures figures_of(const struct judge *j, const char *name)
{
	const struct model *m = j->m;
	struct figures f = { 0 };
	uint32_t i;

	for (i = 0; i < m->ngroups; i++)
		if (is_within(m->cgroups[m->places[m->groups[i].place].cgroup].name, name))
			add_group(j, &f, &m->groups[i]);
	return f;
}

/*
 * CPU time that the host may have moved from one to another: the guest charges what a vCPU
 * was not run for to the task on it, and the others get it back in time, but not the last.
 */
static double moved_ns(const struct judge *j, const struct figures *f, char host[HOST_WORDS])
{
	const struct cpulist *cpus = &j->m->cpus;
	double last = UNPAID * cpulist_count(cpus) * (double)host_burst(j->m, NULL, f->from, f->to);
	int64_t cpu;

	host_most(j->m, NULL, f->from, f->to, &cpu);
	host_words(j->m, cpu, f->from, f->to, host);
	return fmin(last, (double)host_withheld_cpus(j->m, cpus, f->from, f->to));
}

/* ---- shares ----------------------------------------------------------------------- */

static void say_share(struct judge *j, const char *name, const struct figures *f, double all,
		      double due, double tolerance)
{
	struct finding d = finding_of("share_of", NULL);
	double part = f->cpu_time / all, off = fabs(part - due), allowed = due * tolerance / 100;
	char host[HOST_WORDS];

	d.observed = 100 * part;
	d.limit = 100 * due;
	d.unit = "%";
	if (off <= allowed)
		judge_say(j, V_PASS, &d, "%s got %.1f%% of the CPU time, within %.0f%% of %.1f%%",
			  name, d.observed, tolerance, d.limit);
	else
		judge_exceeded(j, &d, off - moved_ns(j, f, host) / all > allowed, host,
			       "%s got %.1f%% of the CPU time, more than %.0f%% off its %.1f%%",
			       name, d.observed, tolerance, d.limit);
}

static void judge_shares_of(struct judge *j, struct json_object *o)
{
	struct json_object *of = rec_get_obj(o, "of");
	double tolerance = rec_get_dbl(o, "tolerance_pct", TOLERANCE_PCT), all = 0, parts = 0;
	struct finding d = finding_of("share_of", NULL);
	struct figures f[NAMES_MAX];
	const char *names[NAMES_MAX];
	double due[NAMES_MAX];
	int i, n = 0;

	if (!of)
		return;
	rec_each (of, name, v) {
		if (n == NAMES_MAX)
			break;
		names[n] = name;
		due[n] = json_object_get_double(v);
		f[n] = figures_of(j, name);
		if (!f[n].workers || !isfinite(due[n]) || due[n] <= 0) {
			judge_say(j, V_INCONCLUSIVE, &d, "%s has no workers to compare", name);
			return;
		}
		parts += due[n];
		all += f[n++].cpu_time;
	}
	for (i = 0; i < n && all > 0; i++)
		say_share(j, names[i], &f[i], all, due[i] / parts, tolerance);
}

/* ---- ratios ----------------------------------------------------------------------- */

static double metric_of(const struct figures *f, const char *metric)
{
	if (strcmp(metric, "cpu_time") == 0)
		return f->cpu_time;
	return strcmp(metric, "work_units") == 0 ? f->work_units : f->iterations;
}

/* The part of either figure that the host may have taken, less than 1. */
static double taken(const struct judge *j, const struct figures *f, const char *metric,
		    char host[HOST_WORDS])
{
	double moved = moved_ns(j, f, host), of = f->cpu_time;
	int64_t cpu;

	if (strcmp(metric, "cpu_time") != 0) {
		moved = (double)host_most(j->m, NULL, f->from, f->to, &cpu);
		of = (double)f->wall_ns;
	}
	return of > 0 ? fmin(moved / of, 0.999) : 0.999;
}

static void judge_ratio(struct judge *j, struct json_object *o)
{
	const char *metric = rec_get_str(o, "metric", "iterations");
	const char *over = rec_get_str(o, "over", "?"), *under = rec_get_str(o, "under", "?");
	double min = rec_get_dbl(o, "min", 0), max = rec_get_dbl(o, "max", INFINITY), part;
	struct figures a = figures_of(j, over), b = figures_of(j, under);
	struct finding d = finding_of("ratio", NULL);
	char host[HOST_WORDS];

	d.observed = metric_of(&a, metric) / metric_of(&b, metric);
	d.limit = d.observed < min ? min : max;
	if (!a.workers || !b.workers || !isfinite(d.observed)) {
		d.observed = NAN;
		judge_say(j, V_INCONCLUSIVE, &d, "no ratio of %s: %s has none", metric,
			  a.workers && metric_of(&a, metric) > 0 ? under : over);
		return;
	}
	part = 1 - fmax(taken(j, &a, metric, host), taken(j, &b, metric, host));
	if (d.observed < min)
		judge_exceeded(j, &d, d.observed / part < min, host,
			       "%s has %.3g times the %s of %s, less than %.3g", over, d.observed,
			       metric, under, min);
	else if (d.observed > max)
		judge_exceeded(j, &d, d.observed * part > max, host,
			       "%s has %.3g times the %s of %s, more than %.3g", over, d.observed,
			       metric, under, max);
	else
		judge_say(j, V_PASS, &d, "%s has %.3g times the %s of %s", over, d.observed, metric,
			  under);
}

/* ---- both ------------------------------------------------------------------------- */

static void each(struct judge *j, const char *check, struct json_object *list,
		 void (*judge_one)(struct judge *j, struct json_object *o))
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	struct finding d = finding_of(check, NULL);

	if (n && j->not_judged) {
		judge_say(j, V_SKIP, &d, "not judged: %s", j->not_judged);
		return;
	}
	for (i = 0; i < n && i < NAMES_MAX; i++)
		judge_one(j, json_object_array_get_idx(list, i));
}

void judge_relations(struct judge *j)
{
	struct json_object *assert = rec_get_obj(j->m->plan, "assert");

	each(j, "share_of", rec_get_arr(assert, "shares"), judge_shares_of);
	each(j, "ratio", rec_get_arr(assert, "ratios"), judge_ratio);
}
