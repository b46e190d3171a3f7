// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of temporal checks. A series that is too short to say anything is
 * inconclusive; what could not be read in its middle is a gap that no comparison crosses,
 * or, where each single value counts, a failure.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "series.h"
#include "units.h"

#define CONVERGED 3 /* points in a row that lie within the tolerance */

int series_add(struct series *s, const struct point *p)
{
	size_t cap = s->cap ? 2 * s->cap : 64;
	struct point *grown;

	if (!s->n && !p->ok) {
		s->before++;
		return 0;
	}
	if (s->n == s->cap) {
		grown = realloc(s->p, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->p = grown;
		s->cap = cap;
	}
	s->p[s->n++] = *p;
	return 0;
}

void series_free(struct series *s)
{
	free(s->p);
	s->p = NULL;
	s->n = s->cap = 0;
}

void series_close(struct series *s)
{
	while (s->n && !s->p[s->n - 1].ok)
		s->n--;
}

size_t series_usable(const struct series *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->p[i].ok;
	return n;
}

/* "periodic_003 at 2.1s" or "sample 21 at 2.1s", from the workload's beginning. */
struct place_text {
	char s[64];
};

static struct place_text where(const struct series *s, const struct point *p)
{
	double at = (double)(p->t_ns - s->begin_ns) / NSEC_PER_SEC;
	struct place_text t;

	if (s->snapshots)
		snprintf(t.s, sizeof(t.s), "periodic_%03u at %.1fs", p->tag, at);
	else
		snprintf(t.s, sizeof(t.s), "sample %u at %.1fs", p->tag, at);
	return t;
}

__attribute__((format(printf, 3, 4))) static void say(struct outcome *o, enum verdict v,
						      const char *fmt, ...)
{
	va_list ap;

	o->verdict = v;
	va_start(ap, fmt);
	vsnprintf(o->text, sizeof(o->text), fmt, ap);
	va_end(ap);
}

static const char *points(const struct series *s)
{
	return s->snapshots ? "snapshots" : "samples";
}

static void too_short(const struct series *s, size_t have, size_t need, struct outcome *o)
{
	if (!s->n && s->before)
		say(o, V_INCONCLUSIVE, "no value in %zu %s: there is no such variable", s->before,
		    points(s));
	else
		say(o, V_INCONCLUSIVE, "%zu %s with a value, and it takes %zu to say anything",
		    have, points(s), need);
}

/* " (2 could not be read)" */
static const char *gaps(const struct series *s, char *buf, size_t size)
{
	size_t lost = s->n - series_usable(s);

	buf[0] = '\0';
	if (lost)
		snprintf(buf, size, " (%zu could not be read)", lost);
	return buf;
}

/* The next pair of neighbours, both with a value, from i on; its second one, or 0. */
static size_t next_pair(const struct series *s, size_t i)
{
	for (i = i ? i : 1; i < s->n; i++)
		if (s->p[i].ok && s->p[i - 1].ok)
			return i;
	return 0;
}

static void judge_order(const struct series *s, bool strict, struct outcome *o)
{
	const char *want = strict ? "no increase" : "decreased";
	size_t i, pairs = 0;
	char buf[48];

	for (i = next_pair(s, 0); i; i = next_pair(s, i + 1)) {
		const struct point *a = &s->p[i - 1], *b = &s->p[i];

		pairs++;
		if (strict ? b->v > a->v : b->v >= a->v)
			continue;
		o->observed = (double)b->v;
		o->limit = (double)a->v;
		say(o, V_FAIL, "%s: %.15Lg in %s, after %.15Lg in %s", want, b->v, where(s, b).s,
		    a->v, where(s, a).s);
		return;
	}
	if (!pairs)
		too_short(s, series_usable(s), 2, o);
	else
		say(o, V_PASS, "from %.15Lg to %.15Lg in %zu %s%s", s->p[0].v, s->p[s->n - 1].v,
		    series_usable(s), points(s), gaps(s, buf, sizeof(buf)));
}

static void judge_rate(const struct series *s, const struct rule *r, struct outcome *o)
{
	double rate, least = INFINITY, most = -INFINITY;
	size_t i, pairs = 0;
	char buf[48];

	for (i = next_pair(s, 0); i; i = next_pair(s, i + 1)) {
		const struct point *a = &s->p[i - 1], *b = &s->p[i];

		pairs++;
		rate = (double)((b->v - a->v) * (long double)NSEC_PER_SEC / (b->t_ns - a->t_ns));
		if (b->t_ns == a->t_ns || !isfinite(rate)) {
			say(o, V_INCONCLUSIVE, "no rate between %s and %s", where(s, a).s,
			    where(s, b).s);
			return;
		}
		least = fmin(least, rate);
		most = fmax(most, rate);
		if (rate >= r->min && rate <= r->max)
			continue;
		o->observed = rate;
		o->limit = rate < r->min ? r->min : r->max;
		say(o, V_FAIL, "%.6g/s from %s to %s, not within %.6g/s and %.6g/s", rate,
		    where(s, a).s, where(s, b).s, r->min, r->max);
		return;
	}
	if (!pairs)
		too_short(s, series_usable(s), 2, o);
	else
		say(o, V_PASS, "%.6g/s to %.6g/s, within %.6g/s and %.6g/s, in %zu %s%s", least,
		    most, r->min, r->max, series_usable(s), points(s), gaps(s, buf, sizeof(buf)));
}

static bool after_warmup(const struct series *s, const struct point *p, const struct rule *r)
{
	return p->ok && p->t_ns - s->begin_ns >= r->time_ns;
}

static void judge_steady(const struct series *s, const struct rule *r, struct outcome *o)
{
	long double sum = 0, mean, reach;
	size_t i, n = 0;
	char buf[48];

	for (i = 0; i < s->n; i++) {
		n += after_warmup(s, &s->p[i], r);
		sum += after_warmup(s, &s->p[i], r) ? s->p[i].v : 0;
	}
	if (n < 2) {
		say(o, V_INCONCLUSIVE,
		    "%zu %s with a value after a warm-up of %.1fs, and it takes 2 to say anything",
		    n, points(s), (double)r->time_ns / NSEC_PER_SEC);
		return;
	}
	mean = sum / (long double)n;
	reach = fabsl(mean) * (long double)r->tolerance;
	for (i = 0; i < s->n; i++) {
		if (!after_warmup(s, &s->p[i], r) || fabsl(s->p[i].v - mean) <= reach)
			continue;
		o->observed = (double)s->p[i].v;
		o->limit = (double)(s->p[i].v > mean ? mean + reach : mean - reach);
		say(o, V_FAIL, "%.15Lg in %s, more than %.6g%% away from the mean %.6Lg", s->p[i].v,
		    where(s, &s->p[i]).s, 100 * r->tolerance, mean);
		return;
	}
	say(o, V_PASS, "%zu %s within %.6g%% of their mean %.6Lg%s", n, points(s),
	    100 * r->tolerance, mean, gaps(s, buf, sizeof(buf)));
}

static void judge_convergence(const struct series *s, const struct rule *r, struct outcome *o)
{
	double deadline = (double)r->time_ns / NSEC_PER_SEC;
	size_t i, run = 0, usable = 0, inside = 0;
	const struct point *p;
	bool over = false;

	for (i = 0; i < s->n; i++) {
		p = &s->p[i];
		over |= p->t_ns - s->begin_ns > r->time_ns;
		if (p->t_ns - s->begin_ns > r->time_ns)
			continue;
		usable += p->ok;
		run = p->ok && fabsl(p->v - (long double)r->target) <= (long double)r->tolerance
			      ? run + 1
			      : 0;
		inside += run > 0;
		if (run < CONVERGED)
			continue;
		o->observed = (double)p->v;
		say(o, V_PASS, "within %.6g of %.6g from %s on", r->tolerance, r->target,
		    where(s, p - (CONVERGED - 1)).s);
		return;
	}
	if (usable < CONVERGED && !over) {
		too_short(s, usable, CONVERGED, o);
	} else if (!over) {
		say(o, V_INCONCLUSIVE,
		    "not yet within %.6g of %.6g when the %s end, before the "
		    "deadline of %.1fs",
		    r->tolerance, r->target, points(s), deadline);
	} else if (usable < CONVERGED) {
		say(o, V_INCONCLUSIVE,
		    "%zu %s with a value before the deadline of %.1fs, and it "
		    "takes %d to say anything",
		    usable, points(s), deadline, CONVERGED);
	} else {
		o->limit = r->target;
		say(o, V_FAIL,
		    "not within %.6g of %.6g for %d %s in a row before %.1fs: %zu of "
		    "%zu were",
		    r->tolerance, r->target, CONVERGED, points(s), deadline, inside, usable);
	}
}

/* Each single value counts: one that could not be read fails. */
static void judge_each(const struct series *s, const struct rule *r, struct outcome *o)
{
	const bool truth = r->pattern == PATTERN_ALWAYS_TRUE;
	long double least = INFINITY, most = -INFINITY;
	const struct point *p;
	size_t i;

	for (i = 0; i < s->n; i++) {
		p = &s->p[i];
		if (!p->ok) {
			say(o, V_FAIL, "it could not be read in %s", where(s, p).s);
			return;
		}
		least = fminl(least, p->v);
		most = fmaxl(most, p->v);
		o->observed = (double)p->v;
		if (truth && p->v == 0)
			say(o, V_FAIL, "false in %s", where(s, p).s);
		else if (!truth && p->v < (long double)r->min)
			say(o, V_FAIL, "%.15Lg in %s, below %.15g", p->v, where(s, p).s,
			    o->limit = r->min);
		else if (!truth && p->v > (long double)r->max)
			say(o, V_FAIL, "%.15Lg in %s, above %.15g", p->v, where(s, p).s,
			    o->limit = r->max);
		else
			continue;
		return;
	}
	o->observed = NAN;
	if (!s->n)
		too_short(s, 0, 1, o);
	else if (truth)
		say(o, V_PASS, "true in %zu %s", s->n, points(s));
	else
		say(o, V_PASS, "%.15Lg to %.15Lg in %zu %s", least, most, s->n, points(s));
}

/* The point of `s` that was taken with p. Both are in the order of time. */
static const struct point *partner(const struct series *s, const struct point *p, size_t *from)
{
	while (*from < s->n && s->p[*from].tag < p->tag)
		(*from)++;
	return *from < s->n && s->p[*from].tag == p->tag && s->p[*from].ok ? &s->p[*from] : NULL;
}

static void judge_ratio(const struct series *s, const struct series *other, const struct rule *r,
			struct outcome *o)
{
	double ratio, least = INFINITY, most = -INFINITY;
	const struct point *p, *q;
	size_t from = 0, n = 0, i;

	for (i = 0; i < s->n; i++) {
		p = &s->p[i];
		q = p->ok ? partner(other, p, &from) : NULL;
		if (!q)
			continue;
		ratio = (double)(p->v / q->v);
		if (q->v == 0 || !isfinite(ratio)) {
			say(o, V_INCONCLUSIVE, "no ratio in %s: %.15Lg to %.15Lg", where(s, p).s,
			    p->v, q->v);
			return;
		}
		n++;
		least = fmin(least, ratio);
		most = fmax(most, ratio);
		if (ratio >= r->min && ratio <= r->max)
			continue;
		o->observed = ratio;
		o->limit = ratio < r->min ? r->min : r->max;
		say(o, V_FAIL, "ratio %.6g (%.15Lg to %.15Lg) in %s, not within %.6g and %.6g",
		    ratio, p->v, q->v, where(s, p).s, r->min, r->max);
		return;
	}
	if (!n)
		say(o, V_INCONCLUSIVE, "no two values of the same %s: %zu have this, %zu the other",
		    s->snapshots ? "snapshot" : "sample", series_usable(s), series_usable(other));
	else
		say(o, V_PASS, "ratio %.6g to %.6g, within %.6g and %.6g, in %zu %s", least, most,
		    r->min, r->max, n, points(s));
}

/* What a step makes of the values in it; NAN: it has too few. */
static long double reduce(const struct series *s, int64_t step, enum reducer how)
{
	const struct point *first = NULL, *last = NULL, *p;
	long double sum = 0;
	size_t n = 0, i;

	for (i = 0; i < s->n; i++) {
		p = &s->p[i];
		if (!p->ok || p->step != step)
			continue;
		first = first ? first : p;
		last = p;
		sum += p->v;
		n++;
	}
	if (!n || (how == REDUCE_DELTA && n < 2))
		return NAN;
	switch (how) {
	case REDUCE_DELTA:
		return last->v - first->v;
	case REDUCE_FIRST:
		return first->v;
	case REDUCE_LAST:
		return last->v;
	default:
		return sum / (long double)n;
	}
}

static void judge_steps(const struct series *s, const struct rule *r, struct outcome *o)
{
	static const char *const words[REDUCE_COUNT] = { [REDUCE_DELTA] = "increase",
							 [REDUCE_FIRST] = "first value",
							 [REDUCE_LAST] = "last value",
							 [REDUCE_MEAN] = "mean" };
	long double a = reduce(s, r->from_step, r->reduce), b = reduce(s, r->to_step, r->reduce);
	double ratio = (double)(b / a);
	bool low = ratio<r->min, high = ratio> r->max;

	if (isnan(a) || isnan(b)) {
		say(o, V_INCONCLUSIVE, "too few %s with a value in step %lld", points(s),
		    (long long)(isnan(a) ? r->from_step : r->to_step));
		return;
	}
	if (!isfinite(ratio)) {
		say(o, V_INCONCLUSIVE, "no ratio: %s %.15Lg in step %lld, %.15Lg in step %lld",
		    words[r->reduce], b, (long long)r->to_step, a, (long long)r->from_step);
		return;
	}
	o->observed = ratio;
	o->limit = low ? r->min : r->max;
	say(o, low || high ? V_FAIL : V_PASS,
	    "ratio %.6g %s: %s %.15Lg in step %lld, %.15Lg in step %lld", ratio,
	    low    ? "too low"
	    : high ? "too high"
		   : "within its bounds",
	    words[r->reduce], b, (long long)r->to_step, a, (long long)r->from_step);
}

void series_judge(const struct series *s, const struct series *other, const struct rule *r,
		  struct outcome *o)
{
	o->observed = o->limit = NAN;
	switch (r->pattern) {
	case PATTERN_NONDECREASING:
	case PATTERN_STRICTLY_INCREASING:
		judge_order(s, r->pattern == PATTERN_STRICTLY_INCREASING, o);
		break;
	case PATTERN_RATE_WITHIN:
		judge_rate(s, r, o);
		break;
	case PATTERN_STEADY_WITHIN:
		judge_steady(s, r, o);
		break;
	case PATTERN_CONVERGES_TO:
		judge_convergence(s, r, o);
		break;
	case PATTERN_RATIO_WITHIN:
		judge_ratio(s, other, r, o);
		break;
	case PATTERN_RATIO_ACROSS_STEPS:
		judge_steps(s, r, o);
		break;
	default:
		judge_each(s, r, o);
	}
}
