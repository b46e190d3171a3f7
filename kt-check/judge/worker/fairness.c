// SPDX-License-Identifier: GPL-2.0-only
/* How fairly and how well workers were served: those of one group side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fairness.h"
#include "judge/check.h"
#include "units.h"

void check_isolation(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	bool bad = false;

	f.limit_text = g->cpuset;
	if (!g->cpuset) {
		judge_say(j, V_SKIP, &f, "has no cpuset");
		return;
	}
	for (w = worker_next(j, g, NULL); w; w = worker_next(j, g, w)) {
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

/*
 * Was there time for a worker's turn: while its CPU was run, each of as many workers as there
 * are for each CPU could have had two turns of 20 ms?
 */
#define TURN_NS (20 * NSEC_PER_MSEC)
static bool had_time(const struct judge *j, const struct group *g, const struct worker *w,
		     char host[HOST_WORDS])
{
	uint64_t cpus = cpulist_count(&j->m->cpus), withheld = withheld_of(j, g, w, host);

	if (!withheld)
		return true;
	return w->wall_ns > withheld + 2 * TURN_NS * (1 + j->m->nworkers / (cpus ? cpus : 1));
}

/* Could each worker of its group have had two turns of what a quota over them gives? */
static bool had_quota(const struct judge *j, const struct group *g, const struct worker *w)
{
	const struct place *p = &j->m->places[g->place];
	const char *path = j->m->cgroups[p->cgroup].name, *last = strrchr(path, '/');
	const struct term *t = terms_quota(j->m, last ? last + 1 : path);

	return !t || t->quota * (double)w->wall_ns >= 2.0 * TURN_NS * (double)p->planned;
}

void check_progress(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	char host[HOST_WORDS];
	bool bad = false;

	f.unit = c->unit;
	for (w = worker_next(j, g, NULL); w; w = worker_next(j, g, w)) {
		if (worker_progressed(w))
			continue;
		f.worker = w;
		f.observed = (double)w->work_units;
		if (w->exit == WORKER_KILLED)
			judge_say(j, V_FAIL, &f,
				  "worker %lld stuck: it did not answer the stop (%llu work units)",
				  (long long)w->tid, (unsigned long long)w->work_units);
		else if (!had_quota(j, g, w))
			judge_say(j, V_INCONCLUSIVE, &f,
				  "worker %lld made no progress (0 work units), where a quota "
				  "leaves less than two turns to each",
				  (long long)w->tid);
		else
			judge_exceeded(j, &f, had_time(j, g, w, host), host,
				       "worker %lld made no progress (0 work units)",
				       (long long)w->tid);
		bad = true;
	}
	if (!bad)
		judge_say(j, V_PASS, &f, "all workers made progress");
}

/* Of the time that a group ran, the most that the host withheld from one of its CPUs. */
static double withheld_pct(const struct judge *j, const struct group *g, char host[HOST_WORDS])
{
	const struct worker *w;
	uint64_t least = UINT64_MAX;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w))
		least = w->wall_ns && w->wall_ns < least ? w->wall_ns : least;
	return 100 * (double)group_withheld(j, g, host) / (double)least;
}

void check_spread(struct judge *j, const struct check *c, const struct group *g)
{
	struct moments off = { 0 };
	char host[HOST_WORDS] = "";
	const struct worker *w;
	uint64_t timeless = 0;
	struct finding f;
	int d;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w)) {
		if (w->wall_ns)
			moments_add(&off, w->off_cpu_pct);
		else
			timeless++;
	}
	f = finding_with(j, c, g, NULL, timeless ? NAN : moments_spread(&off));
	d = finding_digits(f.observed, f.limit, 1);
	if (off.n + timeless < 2)
		judge_say(j, V_SKIP, &f, "spread needs two workers that made progress");
	else if (timeless)
		judge_say(j, V_INCONCLUSIVE, &f,
			  "no spread: %llu of %llu workers have no wall time",
			  (unsigned long long)timeless, (unsigned long long)(off.n + timeless));
	else if (f.observed > f.limit)
		judge_exceeded(j, &f, f.observed - withheld_pct(j, g, host) > f.limit, host,
			       "spread %.*f%% above limit %.*f%% "
			       "(off-CPU %.*f%% to %.*f%%, %llu workers)",
			       d, f.observed, d, f.limit, d, off.min, d, off.max,
			       (unsigned long long)off.n);
	else
		judge_say(j, V_PASS, &f, "spread %.*f%% within limit %.*f%%", d, f.observed, d,
			  f.limit);
}

/* "on cpu 3, ", or nothing when it is not known */
static const char *on_cpu(const struct outlier *o, char *buf, size_t size)
{
	if (o->cpu < 0)
		return "";
	snprintf(buf, size, "on cpu %lld, ", (long long)o->cpu);
	return buf;
}

/* A worker's i-th longest gap; false: it told of no more. */
static bool gap_at(const struct worker *w, uint32_t i, struct outlier *gap)
{
	if (w->gaps.n) {
		if (i < w->gaps.n)
			*gap = w->gaps.o[i];
		return i < w->gaps.n;
	}
	*gap = (struct outlier){ w->max_gap_ns, w->gap_at_ns, w->gap_cpu };
	return i == 0;
}

/* Of a worker's gaps above the limit, the one to tell of; false: there is none. */
static bool worst_gap(const struct judge *j, const struct group *g, const struct worker *w,
		      double limit, struct outlier *worst, struct excuse *host)
{
	struct outlier gap;
	struct excuse x;
	bool any = false;
	uint32_t i;

	host->still = false;
	for (i = 0; gap_at(w, i, &gap); i++) {
		if (!((double)gap.ns / NSEC_PER_MSEC > limit))
			continue;
		excuse_of(j, g, w, &gap, limit * NSEC_PER_MSEC, &x);
		if (any && !(x.still && !host->still))
			continue;
		any = true;
		*worst = gap;
		*host = x;
	}
	return any;
}

void check_gap(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = worker_counts(j, g, NULL);
	double worst = 0, limit = limit_of(j, c, g), ms;
	struct outlier gap;
	struct excuse host;
	struct finding f;
	bool bad = false;
	char cpu[40];
	int d;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = worker_counts(j, g, w)) {
		worst = fmax(worst, (double)w->max_gap_ns / NSEC_PER_MSEC);
		if (!worst_gap(j, g, w, limit, &gap, &host))
			continue;
		ms = (double)gap.ns / NSEC_PER_MSEC;
		f = finding_with(j, c, g, w, ms);
		d = finding_digits(ms, limit, 0);
		judge_exceeded(j, &f, host.still, host.words,
			       "worker %lld gap %.*fms above limit %.*fms "
			       "(%s%.1fs after its start)",
			       (long long)w->tid, d, ms, d, limit, on_cpu(&gap, cpu, sizeof(cpu)),
			       (double)gap.at_ns / NSEC_PER_SEC);
		bad = true;
	}
	f = finding_with(j, c, g, NULL, worst);
	d = finding_digits(worst, limit, 0);
	if (!bad)
		judge_say(j, V_PASS, &f, "worst gap %.*fms within limit %.*fms", d, worst, d,
			  limit);
}

/* What is left of `ns` without what the host withheld; 1 at least. */
static uint64_t less(uint64_t ns, uint64_t withheld)
{
	return ns > withheld + 1 ? ns - withheld : 1;
}

double work_rate(const struct worker *w, uint64_t withheld)
{
	return arith_rate(w->work_units, w->cpu_ns ? less(w->cpu_ns, withheld) : 0);
}

double iteration_rate(const struct worker *w, uint64_t withheld)
{
	return arith_rate(w->iterations, w->wall_ns ? less(w->wall_ns, withheld) : 0);
}

/* The CV if each worker's rate were as near to `rate` as the host's part lets it be. */
static double cv_about(const struct judge *j, const struct group *g, double rate, uint64_t withheld)
{
	struct moments rates = { 0 };
	const struct worker *w;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w))
		moments_add(&rates, fmin(fmax(rate, work_rate(w, 0)), work_rate(w, withheld)));
	return moments_cv(&rates);
}

/* A vCPU that was not run did no work, but the guest counts its time: the least CV without. */
#define CV_STEPS 32
static double least_cv(const struct judge *j, const struct group *g, const struct moments *rates,
		       uint64_t withheld)
{
	double least = INFINITY, cv;
	int i;

	for (i = 0; i <= CV_STEPS; i++) {
		cv = cv_about(j, g, rates->min + (rates->max - rates->min) * i / CV_STEPS,
			      withheld);
		least = isnan(cv) ? least : fmin(least, cv);
	}
	return least;
}

static void say_cv(struct judge *j, const struct group *g, const struct finding *f,
		   const struct moments *rates)
{
	int d = finding_digits(f->observed, f->limit, 3);
	char host[HOST_WORDS];
	uint64_t withheld;

	if (!(f->observed > f->limit)) {
		judge_say(j, V_PASS, f, "throughput CV %.*f within limit %.*f", d, f->observed, d,
			  f->limit);
		return;
	}
	withheld = group_withheld(j, g, host);
	judge_exceeded(j, f, least_cv(j, g, rates, withheld) > f->limit, host,
		       "throughput CV %.*f above limit %.*f (mean %.1f/cpu-s, %llu workers)", d,
		       f->observed, d, f->limit, rates->mean, (unsigned long long)rates->n);
}

void check_throughput_cv(struct judge *j, const struct check *c, const struct group *g)
{
	struct moments rates = { 0 };
	const struct worker *w;
	uint64_t timeless = 0;
	struct finding f;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w)) {
		if (w->cpu_ns)
			moments_add(&rates, work_rate(w, 0));
		else
			timeless++;
	}
	f = finding_with(j, c, g, NULL, timeless ? NAN : moments_cv(&rates));
	if (rates.n + timeless < 2)
		judge_say(j, V_SKIP, &f, "throughput CV needs two workers that made progress");
	else if (timeless)
		judge_say(j, V_INCONCLUSIVE, &f,
			  "no throughput CV: %llu of %llu workers have no CPU time",
			  (unsigned long long)timeless, (unsigned long long)(rates.n + timeless));
	else if (isnan(f.observed))
		judge_say(j, V_INCONCLUSIVE, &f, "no throughput CV: no worker did any work");
	else
		say_cv(j, g, &f, &rates);
}

void check_floor(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = worker_counts(j, g, NULL);
	double lowest = INFINITY, limit = limit_of(j, c, g), rate;
	char host[HOST_WORDS];
	struct finding f;
	bool bad = false;
	int d;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = worker_counts(j, g, w)) {
		rate = c->rate(w, 0);
		f = finding_with(j, c, g, w, rate);
		d = finding_digits(rate, limit, 1);
		if (isnan(rate))
			judge_say(j, V_INCONCLUSIVE, &f, "worker %lld has no %s: %s",
				  (long long)w->tid, c->noun, c->no_time);
		else if (rate < limit)
			judge_exceeded(j, &f, c->rate(w, withheld_of(j, g, w, host)) < limit, host,
				       "worker %lld %s %.*f%s below floor %.*f%s",
				       (long long)w->tid, c->noun, d, rate, c->per, d, limit,
				       c->per);
		bad |= !(rate >= limit);
		lowest = fmin(lowest, rate);
	}
	f = finding_with(j, c, g, NULL, lowest);
	d = finding_digits(lowest, limit, 1);
	if (!bad)
		judge_say(j, V_PASS, &f, "lowest %s %.*f%s meets floor %.*f%s", c->noun, d, lowest,
			  c->per, d, limit, c->per);
}
