// SPDX-License-Identifier: GPL-2.0-only
/*
 * How late workers ran. For types that block that is the time from what woke them to their
 * next instruction; for those that do not, each time that they waited for a CPU.
 */
#include <math.h>

#include "workload.h"

static const char *const nouns[] = {
	[LATENCY_NONE] = "no latency",
	[LATENCY_WAKE] = "wake latency",
	[LATENCY_QUEUE] = "queue latency",
};

/*
 * Of the outliers above the limit, those that the host may have made do not count. With the
 * others alone, is the p99 still above it? When there are more than are told, those that
 * are not told may be like any of these.
 */
static bool still_late(const struct judge *j, const struct group *g, const struct worker *w,
		       double limit, struct excuse *told)
{
	uint64_t most = w->latency.count / 100, above = 0, left = 0;
	struct excuse x;
	uint32_t i;

	told->still = true;
	for (i = 0; i < w->late.n; i++) {
		if (!((double)w->late.o[i].ns > limit))
			break;
		above++;
		excuse_of(j, g, w, &w->late.o[i], limit, &x);
		left += x.still;
		if (!x.still && told->still)
			*told = x;
	}
	if (told->still) /* the host explains none of them, or none is told */
		return true;
	return above < OUTLIERS_MAX && left > most;
}

/* The p99 of all workers together is at most that of the worst one: each is held to it. */
void check_latency_p99(struct judge *j, const struct check *c, const struct group *g)
{
	const struct worker *w = worker_counts(j, g, NULL), *worst = w;
	double limit = limit_of(j, c);
	char have[ARITH_TIME], most[ARITH_TIME];
	struct excuse host;
	bool bad = false;
	struct finding f;

	if (!w) {
		say_nobody(j, c, g);
		return;
	}
	for (; w; w = worker_counts(j, g, w)) {
		f = finding_with(j, c, g, w, w->latency.of ? (double)w->latency.p99_ns : NAN);
		arith_times(f.observed, limit, have, most);
		if (!w->latency.of)
			judge_say(j, V_INCONCLUSIVE, &f,
				  "worker %lld measured no latency: it never waited",
				  (long long)w->tid);
		else if (f.observed > limit)
			judge_exceeded(j, &f, still_late(j, g, w, limit, &host), host.words,
				       "worker %lld p99 %s %s above limit %s (%llu samples)",
				       (long long)w->tid, nouns[w->latency.of], have, most,
				       (unsigned long long)w->latency.count);
		bad |= !(f.observed <= limit);
		if (w->latency.p99_ns > worst->latency.p99_ns)
			worst = w;
	}
	f = finding_with(j, c, g, NULL, (double)worst->latency.p99_ns);
	arith_times(f.observed, limit, have, most);
	if (!bad)
		judge_say(j, V_PASS, &f, "worst p99 %s %s within limit %s",
			  nouns[worst->latency.of], have, most);
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

void check_migrations(struct judge *j, const struct check *c, const struct group *g)
{
	uint64_t migrations = 0, iterations = 0;
	const struct worker *w;
	struct finding f;
	int d;

	for (w = worker_counts(j, g, NULL); w; w = worker_counts(j, g, w)) {
		migrations = arith_add(migrations, w->migrations);
		iterations = arith_add(iterations, w->iterations);
	}
	f = finding_with(j, c, g, NULL, iterations ? (double)migrations / (double)iterations : NAN);
	d = finding_digits(f.observed, f.limit, 3);
	if (!worker_counts(j, g, NULL))
		say_nobody(j, c, g);
	else if (!iterations)
		judge_say(j, V_INCONCLUSIVE, &f, "no migration ratio: no iteration was counted");
	else
		judge_say(j, f.observed > f.limit ? V_FAIL : V_PASS, &f,
			  "migration ratio %.*f %s limit %.*f (%llu migrations, %llu iterations)",
			  d, f.observed, f.observed > f.limit ? "above" : "within", d, f.limit,
			  (unsigned long long)migrations, (unsigned long long)iterations);
}
