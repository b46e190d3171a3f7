// SPDX-License-Identifier: GPL-2.0-only
/*
 * What samples of the runqueues must not show for several samples in a row. One sample
 * proves nothing: a task that has just been woken is where it is only until it is moved.
 */
#include <math.h>
#include <stdio.h>

#include "array.h"
#include "judge/check.h"
#include "model/observed.h"
#include "monitor.h"
#include "units.h"

struct threshold {
	const char *name, *noun, *unit;
	enum limit id;
	int digits;
	double (*value)(const struct sample *p); /* NAN: the sample does not say */
	bool event;
};

static double imbalance(const struct sample *p)
{
	return p->imbalance;
}

static double depth(const struct sample *p)
{
	return p->depth < 0 ? NAN : (double)p->depth;
}

static double fallback(const struct sample *p)
{
	return p->fallback;
}

static double keep_last(const struct sample *p)
{
	return p->keep_last;
}

static const struct threshold thresholds[] = {
	{ "imbalance", "imbalance ratio", "", LIMIT_MAX_IMBALANCE_RATIO, 1, imbalance, false },
	{ "local_dsq_depth", "local DSQ depth", "", LIMIT_MAX_LOCAL_DSQ_DEPTH, 0, depth, false },
	{ "fallback_rate", "fallback rate", "/s", LIMIT_MAX_FALLBACK_RATE, 1, fallback, true },
	{ "keep_last_rate", "keep-last rate", "/s", LIMIT_MAX_KEEP_LAST_RATE, 1, keep_last, true },
};

/* Samples in a row that are above a limit. */
struct run {
	uint32_t samples, last; /* index of the last one */
	double worst;
};

struct scan {
	uint32_t known;    /* samples that have a value */
	uint32_t above;    /* of them, above the limit */
	double worst;      /* of all */
	uint32_t worst_at; /* its index */
	struct run longest;
};

static void scan(const struct observed *s, const struct threshold *t, double limit, struct scan *r)
{
	struct run now = { 0 };
	uint32_t i;
	double v;

	*r = (struct scan){ .worst = -1 };
	for (i = 0; i < s->n; i++) {
		v = t->value(&s->samples[i]);
		r->known += !isnan(v);
		if (v > r->worst) {
			r->worst = v;
			r->worst_at = i;
		}
		if (s->samples[i].first || !(v > limit))
			now = (struct run){ 0 };
		if (!(v > limit))
			continue;
		r->above++;
		now = (struct run){ now.samples + 1, i, fmax(now.worst, v) };
		if (now.samples > r->longest.samples)
			r->longest = now;
	}
}

static uint32_t sustained_samples(const struct judge *j)
{
	return (uint32_t)fmin(j->m->limits.v[LIMIT_SUSTAINED_SAMPLES], OBSERVED_SAMPLES);
}

/* Seconds into the workload. */
static double into(const struct observed *s, const struct sample *p)
{
	return (double)(p->t_ns - (s->workload_ns > 0 ? s->workload_ns : 0)) / NSEC_PER_SEC;
}

/* What makes a sample worth a look, for people: " (cpu 3)". */
static const char *detail(const struct threshold *t, const struct sample *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (t->id == LIMIT_MAX_IMBALANCE_RATIO)
		snprintf(buf, size, ", %lld tasks on one CPU and %lld on another",
			 (long long)p->most, (long long)p->least);
	else if (t->id == LIMIT_MAX_LOCAL_DSQ_DEPTH)
		snprintf(buf, size, " on cpu %u", p->depth_cpu);
	return buf;
}

static void judge_threshold(struct judge *j, const struct threshold *t, struct finding *f)
{
	const struct observed *s = &j->m->seen;
	uint32_t sustained = sustained_samples(j);
	const struct sample *last, *worst;
	struct scan r;
	char buf[80];
	int d;

	scan(s, t, f->limit, &r);
	if (t->event && !r.known && s->no_counters) {
		judge_say(j, j->m->limits.dflt[t->id] ? V_SKIP : V_INCONCLUSIVE, f,
			  "this kernel has no counters of sched_ext events");
		return;
	}
	if (t->id == LIMIT_MAX_LOCAL_DSQ_DEPTH && !r.known && s->n >= sustained) {
		judge_say(j, j->m->limits.dflt[t->id] ? V_SKIP : V_INCONCLUSIVE, f,
			  "this kernel has no local DSQs: it is built without sched_ext");
		return;
	}
	if (r.known < sustained) {
		judge_say(j, V_INCONCLUSIVE, f,
			  "%u samples with %s, fewer than the %u in a row "
			  "that a violation takes",
			  r.known, t->noun, sustained);
		return;
	}
	last = &s->samples[r.longest.last];
	worst = &s->samples[r.worst_at];
	f->observed = r.longest.samples >= sustained ? r.longest.worst : r.worst;
	d = finding_digits(f->observed, f->limit, t->digits);
	if (r.longest.samples >= sustained)
		judge_say(j, V_FAIL, f,
			  "%s %.*f%s above limit %.*f%s in %u samples in a row, the last one %u at "
			  "%.1fs%s",
			  t->noun, d, f->observed, t->unit, d, f->limit, t->unit, r.longest.samples,
			  last->tag, into(s, last), detail(t, last, buf, sizeof(buf)));
	else if (r.above)
		judge_say(j, V_PASS, f,
			  "%s %.*f%s, above limit %.*f%s in no more than %u samples in a row (%u "
			  "samples, worst at %.1fs%s)",
			  t->noun, d, f->observed, t->unit, d, f->limit, t->unit, r.longest.samples,
			  r.known, into(s, worst), detail(t, worst, buf, sizeof(buf)));
	else
		judge_say(j, V_PASS, f, "worst %s %.*f%s within limit %.*f%s (%u samples)", t->noun,
			  d, f->observed, t->unit, d, f->limit, t->unit, r.known);
}

/* A finding for each CPU whose clock stood still, or one that none did. */
static void judge_clocks(struct judge *j, struct finding *f)
{
	const struct observed *s = &j->m->seen;
	uint32_t sustained = sustained_samples(j), i, bad = 0;
	const struct cpu_clock *c;
	double ran;

	f->limit = NAN;
	for (i = 0; i < s->ncpus; i++) {
		c = &s->cpu[i];
		ran = (double)c->worst.ran_ns / NSEC_PER_MSEC;
		if (c->worst.samples < sustained ||
		    (!c->worst.unknown && ran < (double)sustained * STUCK_RUN_NS / NSEC_PER_MSEC))
			continue;
		bad++;
		f->observed = c->worst.samples;
		f->unit = "samples";
		if (c->worst.unknown)
			judge_say(j, V_INCONCLUSIVE, f,
				  "cpu %u: clock stood at %lluns in %u samples, and nothing says "
				  "whether the host ran the vCPU",
				  i, (unsigned long long)c->worst_clock, c->worst.samples);
		else
			judge_say(j, V_FAIL, f,
				  "cpu %u: clock stuck at %lluns in %u samples in a row, the last "
				  "one %u, while its vCPU ran for %.0fms and had tasks",
				  i, (unsigned long long)c->worst_clock, c->worst.samples,
				  c->worst_tag, ran);
	}
	if (!bad)
		judge_say(j, V_PASS, f,
			  "no clock of %u CPUs stood still where it should not (%u "
			  "samples)",
			  s->ncpus, s->n);
}

/* Why samples say nothing, or NULL. */
static const char *no_signal(const struct observed *s)
{
	if (s->error)
		return s->error;
	if (!s->n)
		return "no sample was taken while the workload ran";
	if (s->clocks > 1 && !s->clock_moved)
		return "the clocks of all CPUs are the same in all samples";
	return NULL;
}

static void judge_one(struct judge *j, const char *name, enum limit id, const struct threshold *t)
{
	const struct observed *s = &j->m->seen;
	struct finding f = finding_of(name, NULL);

	if (j->m->limits.v[id] == LIMIT_OFF)
		return;
	f.limit = j->m->limits.v[id];
	f.unit = t && t->unit[0] ? t->unit : NULL;
	if (j->not_judged)
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
	else if (no_signal(s))
		judge_say(j, V_INCONCLUSIVE, &f, "nothing was observed: %s", no_signal(s));
	else if (t)
		judge_threshold(j, t, &f);
	else
		judge_clocks(j, &f);
}

void judge_monitor(struct judge *j)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(thresholds); i++)
		judge_one(j, thresholds[i].name, thresholds[i].id, &thresholds[i]);
	judge_one(j, "rq_clock", LIMIT_FAIL_ON_RQ_CLOCK_STUCK, NULL);
}
