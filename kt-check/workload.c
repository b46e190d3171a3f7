// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the limits ask of the workers. A check looks at one group (the workers of
 * one cgroup in one step) at a time. A check of each worker says what failed for
 * each one, but that all is well only once for the group.
 */
#include <math.h>
#include <stdio.h>

#include "judge.h"
#include "units.h"

struct check {
	const char *name;
	enum limit_id id;
	void (*judge)(struct judge *j, const struct check *c, const struct group *g);
	const char *unit;
	/* of checks of a floor under each worker's rate */
	const char *noun, *per, *no_time;
	double (*rate)(const struct worker *w);
};

static double limit_of(const struct judge *j, const struct check *c)
{
	return j->m->limits.v[c->id];
}

static const struct worker *worker_at(const struct judge *j, uint32_t i)
{
	return i == MODEL_NONE ? NULL : &j->m->workers[i];
}

static bool progressed(const struct worker *w)
{
	return w->work_units && w->exit != WORKER_KILLED;
}

/*
 * The first worker that counts, or the next one. With the progress check on, one
 * that made none fails that check and no other: its other figures mean nothing.
 */
static const struct worker *next(const struct judge *j, const struct group *g,
				 const struct worker *w)
{
	bool all = j->m->limits.v[LIM_NOT_STUCK] == LIMIT_OFF;

	w = worker_at(j, w ? w->next : g->first);
	while (w && !all && !progressed(w))
		w = worker_at(j, w->next);
	return w;
}

static struct finding finding_with(const struct judge *j, const struct check *c,
				   const struct group *g, const struct worker *w, double observed)
{
	struct finding f = finding_of(c->name, g);

	f.worker = w;
	f.observed = observed;
	f.limit = limit_of(j, c);
	f.unit = c->unit;
	return f;
}

/* Decimals with which the two do not look equal when they are not, at least `d`. */
static int digits(double observed, double limit, int d)
{
	while (d < 6 && observed != limit && fabs(observed - limit) < pow(10, -d))
		d++;
	return d;
}

static void say_nobody(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_with(j, c, g, NULL, NAN);

	judge_say(j, V_SKIP, &f, "no worker that made progress");
}

static void check_isolation(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	bool bad = false;

	f.limit_text = g->cpuset;
	if (!g->cpuset) {
		judge_say(j, V_SKIP, &f, "has no cpuset");
		return;
	}
	for (w = worker_at(j, g->first); w; w = worker_at(j, w->next)) {
		if (!w->outside)
			continue;
		f.worker = w;
		f.observed_text = w->outside;
		judge_say(j, V_FAIL, &f, "worker %lld ran on cpus %s outside its cpuset %s",
			  (long long)w->tid, w->outside, g->cpuset);
		bad = true;
	}
	if (!bad)
		judge_say(j, V_PASS, &f, "all workers stayed within cpus %s", g->cpuset);
}

static void check_progress(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	bool bad = false;

	f.unit = c->unit;
	for (w = worker_at(j, g->first); w; w = worker_at(j, w->next)) {
		if (progressed(w))
			continue;
		f.worker = w;
		f.observed = (double)w->work_units;
		if (w->exit == WORKER_KILLED)
			judge_say(j, V_FAIL, &f,
				  "worker %lld stuck: it did not answer the stop (%llu work units)",
				  (long long)w->tid, (unsigned long long)w->work_units);
		else
			judge_say(j, V_FAIL, &f, "worker %lld made no progress (0 work units)",
				  (long long)w->tid);
		bad = true;
	}
	if (!bad)
		judge_say(j, V_PASS, &f, "all workers made progress");
}

static void check_spread(struct judge *j, const struct check *c, const struct group *g)
{
	struct moments off = { 0 };
	const struct worker *w;
	uint64_t timeless = 0;
	struct finding f;
	int d;

	for (w = next(j, g, NULL); w; w = next(j, g, w)) {
		if (w->wall_ns)
			moments_add(&off, w->off_cpu_pct);
		else
			timeless++;
	}
	f = finding_with(j, c, g, NULL, timeless ? NAN : moments_spread(&off));
	d = digits(f.observed, f.limit, 1);
	if (off.n + timeless < 2)
		judge_say(j, V_SKIP, &f, "spread needs two workers that made progress");
	else if (timeless)
		judge_say(j, V_INCONCLUSIVE, &f,
			  "no spread: %llu of %llu workers have no wall time",
			  (unsigned long long)timeless, (unsigned long long)(off.n + timeless));
	else if (f.observed > f.limit)
		judge_say(j, V_FAIL, &f,
			  "spread %.*f%% above limit %.*f%% "
			  "(off-CPU %.*f%% to %.*f%%, %llu workers)",
			  d, f.observed, d, f.limit, d, off.min, d, off.max,
			  (unsigned long long)off.n);
	else
		judge_say(j, V_PASS, &f, "spread %.*f%% within limit %.*f%%", d, f.observed, d,
			  f.limit);
}

/* "on cpu 3, ", or nothing when it is not known */
static const char *on_cpu(const struct worker *w, char *buf, size_t size)
{
	if (w->gap_cpu < 0)
		return "";
	snprintf(buf, size, "on cpu %lld, ", (long long)w->gap_cpu);
	return buf;
}

static void check_gap(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = next(j, g, NULL);
	double worst = 0, limit = limit_of(j, c), ms;
	struct finding f;
	bool bad = false;
	char cpu[40];
	int d;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = next(j, g, w)) {
		ms = (double)w->max_gap_ns / NSEC_PER_MSEC;
		worst = fmax(worst, ms);
		if (!(ms > limit))
			continue;
		f = finding_with(j, c, g, w, ms);
		d = digits(ms, limit, 0);
		judge_say(j, V_FAIL, &f,
			  "worker %lld gap %.*fms above limit %.*fms "
			  "(%s%.1fs after its start)",
			  (long long)w->tid, d, ms, d, limit, on_cpu(w, cpu, sizeof(cpu)),
			  (double)w->gap_at_ns / NSEC_PER_SEC);
		bad = true;
	}
	f = finding_with(j, c, g, NULL, worst);
	d = digits(worst, limit, 0);
	if (!bad)
		judge_say(j, V_PASS, &f, "worst gap %.*fms within limit %.*fms", d, worst, d,
			  limit);
}

static double work_rate(const struct worker *w)
{
	return arith_rate(w->work_units, w->cpu_ns);
}

static double iteration_rate(const struct worker *w)
{
	return arith_rate(w->iterations, w->wall_ns);
}

static void check_throughput_cv(struct judge *j, const struct check *c, const struct group *g)
{
	struct moments rates = { 0 };
	const struct worker *w;
	uint64_t timeless = 0;
	struct finding f;
	int d;

	for (w = next(j, g, NULL); w; w = next(j, g, w)) {
		if (w->cpu_ns)
			moments_add(&rates, work_rate(w));
		else
			timeless++;
	}
	f = finding_with(j, c, g, NULL, timeless ? NAN : moments_cv(&rates));
	d = digits(f.observed, f.limit, 3);
	if (rates.n + timeless < 2)
		judge_say(j, V_SKIP, &f, "throughput CV needs two workers that made progress");
	else if (timeless)
		judge_say(j, V_INCONCLUSIVE, &f,
			  "no throughput CV: %llu of %llu workers have no CPU time",
			  (unsigned long long)timeless, (unsigned long long)(rates.n + timeless));
	else if (isnan(f.observed))
		judge_say(j, V_INCONCLUSIVE, &f, "no throughput CV: no worker did any work");
	else if (f.observed > f.limit)
		judge_say(j, V_FAIL, &f,
			  "throughput CV %.*f above limit %.*f (mean %.1f/cpu-s, %llu workers)", d,
			  f.observed, d, f.limit, rates.mean, (unsigned long long)rates.n);
	else
		judge_say(j, V_PASS, &f, "throughput CV %.*f within limit %.*f", d, f.observed, d,
			  f.limit);
}

static void check_floor(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = next(j, g, NULL);
	double lowest = INFINITY, limit = limit_of(j, c), rate;
	struct finding f;
	bool bad = false;
	int d;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = next(j, g, w)) {
		rate = c->rate(w);
		f = finding_with(j, c, g, w, rate);
		d = digits(rate, limit, 1);
		if (isnan(rate))
			judge_say(j, V_INCONCLUSIVE, &f, "worker %lld has no %s: %s",
				  (long long)w->tid, c->noun, c->no_time);
		else if (rate < limit)
			judge_say(j, V_FAIL, &f, "worker %lld %s %.*f%s below floor %.*f%s",
				  (long long)w->tid, c->noun, d, rate, c->per, d, limit, c->per);
		bad |= !(rate >= limit);
		lowest = fmin(lowest, rate);
	}
	f = finding_with(j, c, g, NULL, lowest);
	d = digits(lowest, limit, 1);
	if (!bad)
		judge_say(j, V_PASS, &f, "lowest %s %.*f%s meets floor %.*f%s", c->noun, d, lowest,
			  c->per, d, limit, c->per);
}

static const struct check checks[] = {
	{ .name = "isolation", .id = LIM_ISOLATION, .judge = check_isolation },
	{ .name = "progress", .id = LIM_NOT_STUCK, .judge = check_progress, .unit = "work units" },
	{ .name = "spread", .id = LIM_SPREAD_PCT, .judge = check_spread, .unit = "%" },
	{ .name = "gap", .id = LIM_GAP_MS, .judge = check_gap, .unit = "ms" },
	{ .name = "throughput_cv", .id = LIM_THROUGHPUT_CV, .judge = check_throughput_cv },
	{ .name = "work_rate",
	  .id = LIM_WORK_RATE,
	  .judge = check_floor,
	  .unit = "/cpu-s",
	  .noun = "work rate",
	  .per = "/cpu-s",
	  .no_time = "it has no CPU time",
	  .rate = work_rate },
	{ .name = "iteration_rate",
	  .id = LIM_ITERATION_RATE,
	  .judge = check_floor,
	  .unit = "/s",
	  .noun = "iteration rate",
	  .per = "/s",
	  .no_time = "it has no wall time",
	  .rate = iteration_rate },
};

static void judge_check(struct judge *j, const struct check *c)
{
	struct finding f = finding_of(c->name, NULL);
	uint32_t i;

	if (limit_of(j, c) == LIMIT_OFF)
		return;
	if (j->not_judged) {
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
		return;
	}
	if (!j->m->nworkers)
		judge_say(j, V_SKIP, &f, "not judged: the plan has no workers");
	for (i = 0; i < j->m->ngroups; i++)
		if (j->m->groups[i].reported)
			c->judge(j, c, &j->m->groups[i]);
}

void judge_workload(struct judge *j)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		judge_check(j, &checks[i]);
}
