// SPDX-License-Identifier: GPL-2.0-only
/* The run in time: a phase for each step, with the samples and the workers that belong to it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "timeline.h"
#include "units.h"

#define PHASES_MAX  1024
#define CGROUPS_MAX 256 /* of one phase */
#define SHOWN       20  /* cgroups of a phase */

/* From here on, a difference to the step before is worth a word (ktstr's thresholds). */
#define IMBALANCE_STEP  0.5
#define DEPTH_STEP      3
#define THROUGHPUT_STEP 0.3
#define EVENT_STEP      10 /* per second */

/* Counters that only grow, summed over the CPUs. */
enum counter { SWITCHES, DELAY, WAKEUPS, IDLES, FALLBACKS, KEPT, COUNTERS };

static const struct {
	const char *object, *column; /* of a sample */
} counter_columns[COUNTERS] = {
	[SWITCHES] = { "cpu", "nr_switches" },
	[DELAY] = { "cpu", "run_delay_ns" },
	[WAKEUPS] = { "cpu", "ttwu_count" },
	[IDLES] = { "cpu", "sched_goidle" },
	[FALLBACKS] = { "events", "select_cpu_fallback" },
	[KEPT] = { "events", "dispatch_keep_last" },
};

struct mean {
	uint64_t n;
	double sum, max;
};

struct sampled {
	uint64_t samples;
	double cost_ns;
	struct mean imbalance, depth, running, user_depth; /* depth, running: per CPU */
	int64_t first_ns, last_ns;                         /* t_ns */
	double first[COUNTERS], last[COUNTERS];
	bool have[COUNTERS];
};

struct cgroup {
	char *name;
	uint64_t workers, iterations, migrations;
	double off_cpu, wait_ns, gap_ns;
	int64_t gap_cpu;
};

struct phase {
	int64_t step, begin_ns, end_ns; /* t_ns; end: -1 while it runs */
	struct sampled s;
	struct cgroup *cgroup;
	uint32_t ncgroups;
	uint64_t beyond;
};

struct timeline {
	struct phase *phase; /* PHASES_MAX of them */
	uint32_t n;
	struct phase *now; /* or NULL */
	struct sampled all;
	int64_t workload_ns;
	struct json_object *first, *last; /* samples, or NULL */
	struct json_object *progs; /* of the last sample or snapshot that has some, or NULL */
};

struct timeline *timeline_new(void)
{
	struct timeline *t = calloc(1, sizeof(*t));

	if (t)
		t->phase = calloc(PHASES_MAX, sizeof(*t->phase));
	if (t && !t->phase) {
		free(t);
		return NULL;
	}
	return t;
}

void timeline_free(struct timeline *t)
{
	uint32_t i, k;

	for (i = 0; i < t->n; i++) {
		for (k = 0; k < t->phase[i].ncgroups; k++)
			free(t->phase[i].cgroup[k].name);
		free(t->phase[i].cgroup);
	}
	json_object_put(t->first);
	json_object_put(t->last);
	json_object_put(t->progs);
	free(t->phase);
	free(t);
}

static void take_step(struct timeline *t, struct json_object *o)
{
	const char *event = rec_get_str(o, "event", "");
	int64_t at = rec_get_ns(o, "t_ns", 0), index = rec_get_int(o, "index", -1);

	if (strcmp(event, "end") == 0 && t->now) {
		t->now->end_ns = at;
		t->now = NULL;
	} else if (strcmp(event, "start") == 0 && t->n < PHASES_MAX && index >= 0) {
		if (!t->n)
			t->workload_ns = at;
		t->now = &t->phase[t->n++];
		*t->now = (struct phase){ .step = index, .begin_ns = at, .end_ns = -1 };
	}
}

static void mean_add(struct mean *m, double v)
{
	m->max = m->n ? fmax(m->max, v) : v;
	m->sum += v;
	m->n++;
}

static double mean_of(const struct mean *m)
{
	return m->n ? m->sum / (double)m->n : 0;
}

/* Sum, least and most of a column's numbers; how many there are. */
static size_t column(struct json_object *cpu, const char *name, double *sum, double *least,
		     double *most)
{
	struct json_object *a = rec_get_arr(cpu, name), *v;
	size_t i, n = 0;

	*sum = 0;
	*least = INFINITY;
	*most = -INFINITY;
	for (i = 0; a && i < json_object_array_length(a); i++) {
		v = json_object_array_get_idx(a, i);
		if (!json_object_is_type(v, json_type_int))
			continue;
		*sum += json_object_get_double(v);
		*least = fmin(*least, json_object_get_double(v));
		*most = fmax(*most, json_object_get_double(v));
		n++;
	}
	return n;
}

static double deepest(struct json_object *o)
{
	struct json_object *dsqs = rec_get_arr(o, "dsqs");
	double most = 0;
	size_t i;

	for (i = 0; dsqs && i < json_object_array_length(dsqs); i++)
		most = fmax(most, rec_get_dbl(json_object_array_get_idx(dsqs, i), "nr", 0));
	return most;
}

static void sampled_add(struct sampled *s, struct json_object *o)
{
	struct json_object *cpu = rec_get_obj(o, "cpu");
	double sum, least, most;
	size_t n;
	int i;

	s->samples++;
	s->cost_ns += rec_get_dbl(o, "cost_ns", 0);
	s->last_ns = rec_get_ns(o, "t_ns", 0);
	if (s->samples == 1)
		s->first_ns = s->last_ns;
	n = column(cpu, "nr_running", &sum, &least, &most);
	if (n) {
		mean_add(&s->running, sum / (double)n);
		mean_add(&s->imbalance, most / fmax(1, least));
	}
	n = column(cpu, "local_dsq", &sum, &least, &most);
	if (n) {
		mean_add(&s->depth, sum / (double)n);
		s->depth.max = fmax(s->depth.n > 1 ? s->depth.max : 0, most);
	}
	mean_add(&s->user_depth, deepest(o));
	for (i = 0; i < COUNTERS; i++) {
		if (!column(rec_get_obj(o, counter_columns[i].object), counter_columns[i].column,
			    &sum, &least, &most))
			continue;
		if (!s->have[i])
			s->first[i] = sum;
		s->last[i] = sum;
		s->have[i] = true;
	}
}

/* Growth per second; 0 where nothing is known. */
static double rate(const struct sampled *s, enum counter c)
{
	double time = (double)(s->last_ns - s->first_ns) / NSEC_PER_SEC;

	return s->have[c] && time > 0 ? (s->last[c] - s->first[c]) / time : 0;
}

static struct cgroup *cgroup_get(struct phase *p, const char *name)
{
	uint32_t i;

	for (i = 0; i < p->ncgroups; i++)
		if (strcmp(p->cgroup[i].name, name) == 0)
			return &p->cgroup[i];
	if (p->ncgroups == CGROUPS_MAX) {
		p->beyond++;
		return NULL;
	}
	if (!p->cgroup)
		p->cgroup = calloc(CGROUPS_MAX, sizeof(*p->cgroup));
	if (!p->cgroup)
		return NULL;
	p->cgroup[i] = (struct cgroup){ .name = strdup(name), .gap_cpu = -1 };
	if (!p->cgroup[i].name)
		return NULL;
	p->ncgroups++;
	return &p->cgroup[i];
}

/* Workers of the backdrop belong to no step. */
static void take_worker(struct timeline *t, struct json_object *o)
{
	struct json_object *schedstat = rec_get_obj(o, "schedstat");
	int64_t step = rec_get_int(o, "step", -1);
	struct cgroup *c = NULL;
	uint32_t i = t->n;

	while (step >= 0 && i > 0 && t->phase[i - 1].step != step)
		i--;
	if (step >= 0 && i > 0)
		c = cgroup_get(&t->phase[i - 1], rec_get_str(o, "cgroup", "/"));
	if (!c)
		return;
	c->workers++;
	c->iterations += (uint64_t)rec_get_int(o, "iterations", 0);
	c->migrations += (uint64_t)rec_get_int(o, "migrations", 0);
	c->off_cpu += rec_get_dbl(o, "off_cpu_pct", 0);
	c->wait_ns += rec_get_dbl(schedstat, "wait_ns", 0);
	if (rec_get_dbl(o, "max_gap_ns", 0) >= c->gap_ns) {
		c->gap_ns = rec_get_dbl(o, "max_gap_ns", 0);
		c->gap_cpu = rec_get_int(o, "max_gap_cpu", -1);
	}
}

static void keep(struct json_object **kept, struct json_object *o)
{
	json_object_put(*kept);
	*kept = json_object_get(o);
}

static void take_progs(struct timeline *t, struct json_object *progs)
{
	if (progs && json_object_array_length(progs))
		keep(&t->progs, progs);
}

static void take_sample(struct timeline *t, struct json_object *o)
{
	sampled_add(&t->now->s, o);
	sampled_add(&t->all, o);
	if (!t->first)
		keep(&t->first, o);
	keep(&t->last, o);
	take_progs(t, rec_get_arr(o, "progs"));
}

void timeline_take(struct timeline *t, struct json_object *o)
{
	if (rec_is(o, "step"))
		take_step(t, o);
	else if (rec_is(o, "sample") && t->now)
		take_sample(t, o);
	else if (rec_is(o, "worker"))
		take_worker(t, o);
	else if (rec_is(o, "snapshot"))
		take_progs(t, rec_get_arr(o, "progs"));
}

static void progs(const struct timeline *t, const struct term *out)
{
	struct json_object *p;
	double runs;
	size_t i;

	for (i = 0; t->progs && i < json_object_array_length(t->progs); i++) {
		p = json_object_array_get_idx(t->progs, i);
		runs = rec_get_dbl(p, "cnt", 0);
		if (runs <= 0)
			continue;
		fputs("bpf ", out->f);
		term_text(out, rec_get_str(p, "name", "?"));
		fprintf(out->f, ": %.0f runs, %.0fns each\n", runs, rec_get_dbl(p, "ns", 0) / runs);
	}
}

/* Those that happened while the workload ran, on all CPUs. */
static void events(const struct timeline *t, const struct term *out)
{
	struct json_object *then = rec_get_obj(t->first, "events");
	double before, after, least, most;
	bool any = false;

	if (!then || !rec_get_obj(t->last, "events"))
		return;
	rec_each (rec_get_obj(t->last, "events"), name, v) {
		(void)v;
		column(then, name, &before, &least, &most);
		column(rec_get_obj(t->last, "events"), name, &after, &least, &most);
		if (after <= before)
			continue;
		fputs(any ? ", " : "events: ", out->f);
		term_text(out, name);
		fprintf(out->f, "=%.0f", after - before);
		any = true;
	}
	fputs(any ? "\n" : "", out->f);
}

/* A counter of load balancing, over all kinds of idle. */
static double balanced(struct json_object *domain, const char *name)
{
	double sum, least, most;

	column(domain, name, &sum, &least, &most);
	return sum;
}

static double grown(struct json_object *then, struct json_object *now, const char *name)
{
	return balanced(now, name) - balanced(then, name);
}

/* How often each level was balanced, and how many tasks that moved. */
static void balance(const struct timeline *t, const struct term *out)
{
	struct json_object *then = rec_get_arr(t->first, "domains"), *a, *b;
	struct json_object *now = rec_get_arr(t->last, "domains");
	double time = (double)(t->all.last_ns - t->all.first_ns) / NSEC_PER_SEC;
	size_t i, n = now ? json_object_array_length(now) : 0;
	bool any = false;

	/* other levels than before: CPUs came or went */
	if (!then || json_object_array_length(then) != n || time <= 0)
		return;
	for (i = 0; i < n; i++) {
		a = json_object_array_get_idx(then, i);
		b = json_object_array_get_idx(now, i);
		if (grown(a, b, "lb_count") <= 0)
			continue;
		fputs(any ? ", " : "balance: ", out->f);
		term_text(out, rec_get_str(b, "name", "?"));
		fprintf(out->f, " %.0f/s (failed=%.0f moved=%.0f)", grown(a, b, "lb_count") / time,
			grown(a, b, "lb_failed"), grown(a, b, "lb_gained"));
		any = true;
	}
	fputs(any ? "\n" : "", out->f);
}

void timeline_monitor(const struct timeline *t, const struct term *out)
{
	const struct sampled *s = &t->all;

	if (!s->samples)
		return;
	term_section(out, "monitor");
	fprintf(out->f,
		"samples=%llu imbalance max=%.1f avg=%.1f, local dsq max=%.0f avg=%.1f/cpu, user "
		"dsq max=%.0f, running avg=%.1f/cpu, cost=%.0fus/sample\n",
		(unsigned long long)s->samples, s->imbalance.max, mean_of(&s->imbalance),
		s->depth.max, mean_of(&s->depth), s->user_depth.max, mean_of(&s->running),
		s->cost_ns / (double)s->samples / NSEC_PER_USEC);
	if (s->have[SWITCHES])
		fprintf(out->f,
			"switches=%.0f (%.0f/s) run_delay=%.1fms/s wakeups=%.0f/s idle=%.0f/s\n",
			s->last[SWITCHES] - s->first[SWITCHES], rate(s, SWITCHES),
			rate(s, DELAY) / NSEC_PER_MSEC, rate(s, WAKEUPS), rate(s, IDLES));
	events(t, out);
	balance(t, out);
	progs(t, out);
}

static double seconds(const struct timeline *t, int64_t at)
{
	return (double)(at - t->workload_ns) / NSEC_PER_SEC;
}

/* Iterations of all workers per second; NAN for a phase that has no end or no workers. */
static double throughput(const struct phase *p)
{
	double n = 0, time = (double)(p->end_ns - p->begin_ns) / NSEC_PER_SEC;
	uint32_t i;

	for (i = 0; i < p->ncgroups; i++)
		n += (double)p->cgroup[i].iterations;
	return p->end_ns < 0 || time <= 0 || !p->ncgroups ? NAN : n / time;
}

static void say_change(const struct term *out, const char *what, bool worse, double a, double b)
{
	fputs("  ", out->f);
	term_word(out, worse ? COLOUR_YELLOW : COLOUR_GREEN, worse ? "worse" : "better");
	fprintf(out->f, " than the step before: %s %.1f, was %.1f\n", what, b, a);
}

static void change_of_events(const struct term *out, const struct phase *a, const struct phase *b,
			     enum counter c, const char *what)
{
	double ra = rate(&a->s, c), rb = rate(&b->s, c);

	if (fabs(rb - ra) > EVENT_STEP)
		say_change(out, what, rb > ra, ra, rb);
}

static void changes(const struct term *out, const struct phase *a, const struct phase *b)
{
	double ia = mean_of(&a->s.imbalance), ib = mean_of(&b->s.imbalance);
	double da = mean_of(&a->s.depth), db = mean_of(&b->s.depth);
	double ta = throughput(a), tb = throughput(b);

	if (a->s.samples && b->s.samples && fabs(ib - ia) > IMBALANCE_STEP)
		say_change(out, "imbalance", ib > ia, ia, ib);
	if (a->s.samples && b->s.samples && fabs(db - da) > DEPTH_STEP)
		say_change(out, "local dsq", db > da, da, db);
	change_of_events(out, a, b, FALLBACKS, "fallbacks/s");
	change_of_events(out, a, b, KEPT, "keep-lasts/s");
	if (ta > 0 && tb >= 0 && fabs(tb - ta) > THROUGHPUT_STEP * ta)
		say_change(out, "iterations/s", tb < ta, ta, tb);
}

static void show_cgroup(const struct term *out, const struct cgroup *c)
{
	fputs("  ", out->f);
	term_text(out, c->name);
	fprintf(out->f,
		": workers=%llu off_cpu=%.1f%% run_delay=%.1fms iter=%llu migrations=%llu "
		"gap=%.0fms",
		(unsigned long long)c->workers, c->off_cpu / (double)c->workers,
		c->wait_ns / (double)c->workers / NSEC_PER_MSEC, (unsigned long long)c->iterations,
		(unsigned long long)c->migrations, c->gap_ns / NSEC_PER_MSEC);
	if (c->gap_cpu >= 0)
		fprintf(out->f, " (cpu %lld)", (long long)c->gap_cpu);
	fputs("\n", out->f);
}

static void show_phase(const struct timeline *t, const struct term *out, const struct phase *p)
{
	const struct sampled *s = &p->s;
	uint32_t i;

	fprintf(out->f, "step %lld, %.1fs to ", (long long)p->step, seconds(t, p->begin_ns));
	if (p->end_ns < 0)
		fputs("the end", out->f);
	else
		fprintf(out->f, "%.1fs", seconds(t, p->end_ns));
	if (s->samples)
		fprintf(out->f,
			": imbalance avg=%.1f max=%.1f, local dsq avg=%.1f max=%.0f, running "
			"avg=%.1f/cpu, run_delay=%.1fms/s",
			mean_of(&s->imbalance), s->imbalance.max, mean_of(&s->depth), s->depth.max,
			mean_of(&s->running), rate(s, DELAY) / NSEC_PER_MSEC);
	if (throughput(p) >= 0)
		fprintf(out->f, ", %.0f iterations/s", throughput(p));
	fputs("\n", out->f);
	for (i = 0; i < p->ncgroups && i < SHOWN; i++)
		show_cgroup(out, &p->cgroup[i]);
	if (p->ncgroups > SHOWN || p->beyond)
		fprintf(out->f, "  ... and %llu more cgroups\n",
			(unsigned long long)(p->ncgroups - i + p->beyond));
}

void timeline_show(const struct timeline *t, const struct term *out)
{
	uint32_t i;

	if (!t->all.samples)
		return;
	term_section(out, "timeline");
	for (i = 0; i < t->n; i++) {
		show_phase(t, out, &t->phase[i]);
		if (i)
			changes(out, &t->phase[i - 1], &t->phase[i]);
	}
}
