// SPDX-License-Identifier: GPL-2.0-only
/*
 * How late workers ran. For types that block that is the time from what woke them to their
 * next instruction; for those that do not, each time that they waited for a CPU.
 */
#include <math.h>

#include "judge/check.h"
#include "latency.h"
#include "units.h"

static const char *const nouns[] = {
	[LATENCY_NONE] = "no latency",
	[LATENCY_WAKE] = "wake latency",
	[LATENCY_QUEUE] = "queue latency",
	[LATENCY_TIMER] = "timer lateness",
};

/* What a check is about: how late it ran, or how late its timers ended. */
static const struct latency *latency_of(const struct check *c, const struct worker *w)
{
	return c->id == LIMIT_MAX_P99_TIMER_LATE_NS ? &w->timer : &w->latency;
}

static bool still_late(const struct judge *j, const struct check *c, const struct group *g,
		       const struct worker *w, double limit, struct excuse *told)
{
	bool timers = c->id == LIMIT_MAX_P99_TIMER_LATE_NS;

	return outliers_stand(j, g, w, timers ? &w->timer_late : &w->late, latency_of(c, w)->count,
			      limit, told);
}

/* The p99 of all workers together is at most that of the worst one: each is held to it. */
void check_latency_p99(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = worker_counts(j, g, NULL);
	const struct latency *l, *worst = w ? latency_of(c, w) : NULL;
	double limit = limit_of(j, c, g);
	char have[ARITH_TIME], most[ARITH_TIME];
	struct excuse host;
	bool bad = false;
	struct finding f;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = worker_counts(j, g, w)) {
		l = latency_of(c, w);
		f = finding_with(j, c, g, w, l->of ? (double)l->p99_ns : NAN);
		arith_times(f.observed, limit, have, most);
		if (!l->of && c->id == LIMIT_MAX_P99_TIMER_LATE_NS)
			judge_say(j, V_INCONCLUSIVE, &f,
				  "worker %lld measured no timer: it never slept on time",
				  (long long)w->tid);
		else if (!l->of)
			judge_say(j, V_INCONCLUSIVE, &f,
				  "worker %lld measured no latency: it never waited",
				  (long long)w->tid);
		else if (f.observed > limit)
			judge_exceeded(j, &f, still_late(j, c, g, w, limit, &host), host.words,
				       "worker %lld p99 %s %s above limit %s (%llu samples)",
				       (long long)w->tid, nouns[l->of], have, most,
				       (unsigned long long)l->count);
		bad |= !(f.observed <= limit);
		if (l->p99_ns > worst->p99_ns)
			worst = l;
	}
	f = finding_with(j, c, g, NULL, (double)worst->p99_ns);
	arith_times(f.observed, limit, have, most);
	if (!bad)
		judge_say(j, V_PASS, &f, "worst p99 %s %s within limit %s", nouns[worst->of], have,
			  most);
}

/* Mean and variance of all samples of one kind, put together from those of each worker. */
struct pooled {
	enum latency_of of;
	double n, mean, m2;
};

static void pool(struct pooled *p, const struct latency *l)
{
	double n = (double)l->count, sd = l->cv * l->mean_ns, delta = l->mean_ns - p->mean;
	double all = p->n + n;

	p->m2 += n * sd * sd + delta * delta * p->n * n / all;
	p->mean += delta * n / all;
	p->n = all;
}

void check_latency_cv(struct judge *j, const struct check *c, const struct group *g)
{
	struct pooled p = { .of = LATENCY_QUEUE };
	const struct worker *w;
	struct finding f;
	int d;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w))
		if (w->latency.of == LATENCY_WAKE)
			p.of = LATENCY_WAKE;
	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w))
		if (w->latency.of == p.of)
			pool(&p, &w->latency);
	f = finding_with(j, c, g, NULL, p.n >= 2 && p.mean > 0 ? sqrt(p.m2 / p.n) / p.mean : NAN);
	d = finding_digits(f.observed, f.limit, 3);
	if (!worker_counts(j, g, NULL))
		say_nobody(j, c, g);
	else if (isnan(f.observed))
		judge_say(j, V_INCONCLUSIVE, &f, "no %s CV: %.0f samples", nouns[p.of], p.n);
	else
		judge_say(j, f.observed > f.limit ? V_FAIL : V_PASS, &f,
			  "%s CV %.*f %s limit %.*f (mean %.0fns, %.0f samples)", nouns[p.of], d,
			  f.observed, f.observed > f.limit ? "above" : "within", d, f.limit, p.mean,
			  p.n);
}

/* Migrations of a group together, per `of`: iterations of all, or seconds of one worker. */
static void judge_migrations(struct judge *j, const struct check *c, const struct group *g,
			     uint64_t migrations, double of, const char *noun, const char *per)
{
	struct finding f = finding_with(j, c, g, NULL, of > 0 ? (double)migrations / of : NAN);
	int d = finding_digits(f.observed, f.limit, 3);

	if (!worker_counts(j, g, NULL))
		say_nobody(j, c, g);
	else if (isnan(f.observed))
		judge_say(j, V_INCONCLUSIVE, &f, "no %s: no %s was counted", noun, per);
	else
		judge_say(j, f.observed > f.limit ? V_FAIL : V_PASS, &f,
			  "%s %.*f %s limit %.*f (%llu migrations, %.*f %ss)", noun, d, f.observed,
			  f.observed > f.limit ? "above" : "within", d, f.limit,
			  (unsigned long long)migrations, of < 1000 && of != floor(of) ? 1 : 0, of,
			  per);
}

void check_migrations(struct judge *j, const struct check *c, const struct group *g)
{
	uint64_t migrations = 0;
	const struct worker *w;
	double of = 0;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w)) {
		migrations = arith_add(migrations, w->migrations);
		if (c->id == LIMIT_MAX_MIGRATION_RATIO)
			of += (double)w->iterations;
		else if (c->id == LIMIT_MAX_MIGRATIONS_PER_S)
			of += (double)w->wall_ns / NSEC_PER_SEC;
		else
			of += (double)w->timeslices;
	}
	judge_migrations(j, c, g, migrations, of, c->noun, c->per);
}
