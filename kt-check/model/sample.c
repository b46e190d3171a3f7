// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples of the runqueues, while steps of the workload run. Those before the workload and
 * behind it are of other work, and not taken.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "observed.h"
#include "read/raw.h"
#include "record.h"
#include "sample.h"
#include "temporal.h"
#include "units.h"

/* An empty CPU beside two tasks is as bad as one task beside four. */
#define EMPTY_CPU 0.5

/* Pairs of CPUs of one sample whose waiting tasks are looked at: an end to squares of squares. */
#define IMBALANCE_PAIRS 4096

int take_boot(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	if (strcmp(rec_get_str(o, "stage", ""), "workload") != 0)
		return 0;
	m->seen.workload_ns = rec_get_int(o, "t_ns", 0);
	m->seen.open = true;
	return 0;
}

int take_observe(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *error = rec_get_str(o, "error", NULL);

	if (!error || m->seen.error)
		return 0;
	m->seen.error = strdup(error);
	return m->seen.error ? 0 : errbuf_set(e, -ENOMEM, "out of memory");
}

void observed_step(struct observed *s, bool running, int64_t t_ns)
{
	uint32_t i;

	if (running && s->workload_ns < 0)
		s->workload_ns = t_ns;
	if (running == s->open)
		return;
	s->open = running;
	s->have_events = s->have_sample = false;
	for (i = 0; s->cpu && i < s->ncpus; i++)
		s->cpu[i].have = false;
}

static struct sample *next_sample(struct observed *s)
{
	uint32_t cap = s->cap ? 2 * s->cap : 256;
	struct sample *grown;

	if (s->n == OBSERVED_SAMPLES) {
		s->beyond++;
		return NULL;
	}
	if (s->n == s->cap) {
		grown = realloc(s->samples, cap * sizeof(*grown));
		if (!grown) {
			s->beyond++;
			return NULL;
		}
		s->samples = grown;
		s->cap = cap;
	}
	return &s->samples[s->n++];
}

static int64_t clamp(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* Is it one of the CPUs that run tasks? Streams without that column have none that do not. */
static bool is_online(const struct raw *r, uint32_t cpu)
{
	return raw_get(r, RAW_ONLINE, cpu) != 0;
}

/* Does a task wait on `from` that may run on `to`? Yes, where the sample does not tell. */
static bool may_move(const struct raw *r, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = 0; i < r->nwaiting; i++)
		if (r->waiting[i].cpu == from && cpulist_has(&r->waiting[i].cpus, to))
			return true;
	return !r->have_waiting;
}

/*
 * The pair of CPUs that are most unlike: of the emptiest ones and all that are fuller, where one of
 * the tasks that wait there may run on the emptier.
 */
static void take_imbalance(struct sample *p, const struct raw *r)
{
	uint64_t a, b;
	uint32_t i, k, pairs = 0;
	double ratio;

	p->imbalance = NAN;
	for (i = 0; i < r->len[RAW_NR_RUNNING]; i++) {
		a = r->col[RAW_NR_RUNNING][i];
		if (a == RAW_NONE || !is_online(r, i))
			continue;
		if (isnan(p->imbalance)) {
			p->imbalance = 1;
			p->most = p->least = clamp(a);
		}
		for (k = 0; k < r->len[RAW_NR_RUNNING] && pairs < IMBALANCE_PAIRS; k++) {
			b = r->col[RAW_NR_RUNNING][k];
			ratio = (double)a / (b ? (double)b : EMPTY_CPU);
			if (a < 2 || b == RAW_NONE || ratio <= p->imbalance || !is_online(r, k))
				continue;
			pairs++;
			if (!may_move(r, i, k))
				continue;
			p->imbalance = ratio;
			p->most = clamp(a);
			p->least = clamp(b);
		}
	}
}

static void take_depth(struct sample *p, const struct raw *r)
{
	uint64_t v;
	uint32_t i;

	p->depth = -1;
	for (i = 0; i < r->len[RAW_LOCAL_DSQ]; i++) {
		v = r->col[RAW_LOCAL_DSQ][i];
		if (v == RAW_NONE || clamp(v) <= p->depth)
			continue;
		p->depth = clamp(v);
		p->depth_cpu = i;
	}
}

/* Sums over the CPUs, as a rate since the sample before. */
static void take_events(struct observed *s, struct sample *p, const struct raw *r)
{
	double *rates[] = { &p->fallback, &p->keep_last };
	size_t k;

	for (k = 0; k < 2; k++) {
		*rates[k] = NAN;
		if (s->have_events && r->have_event[k] && r->events[k] >= s->events[k] &&
		    (uint64_t)p->t_ns > s->events_ns)
			*rates[k] = arith_rate(r->events[k] - s->events[k],
					       (uint64_t)p->t_ns - s->events_ns);
		s->events[k] = r->events[k];
	}
	s->have_events = r->have_event[0] || r->have_event[1];
	s->no_counters = !s->have_events;
	s->events_ns = (uint64_t)p->t_ns;
}

/* In units of what a violation takes: samples, and 40 ms of the vCPU for each of them. */
static double weight(const struct stuck *s)
{
	return fmin(s->samples, s->unknown ? s->samples : (double)s->ran_ns / STUCK_RUN_NS);
}

static void take_clock(struct observed *s, struct cpu_clock *c, uint64_t clock, bool busy,
		       const uint64_t *vcpu)
{
	bool stood = c->have && c->clock_ns == clock && c->busy && busy;

	if (s->clock_seen && clock != s->clock_first)
		s->clock_moved = true;
	if (!s->clock_seen)
		s->clock_first = clock;
	s->clock_seen = true;
	s->clocks++;
	if (stood) {
		c->now.samples++;
		if (vcpu && c->have_vcpu && *vcpu > c->vcpu_ns)
			c->now.ran_ns += *vcpu - c->vcpu_ns;
		c->now.unknown |= !vcpu || !c->have_vcpu;
	} else {
		c->now = (struct stuck){ 0 };
	}
	if (weight(&c->now) > weight(&c->worst)) {
		c->worst = c->now;
		c->worst_clock = clock;
		c->worst_tag = s->seen;
	}
	c->clock_ns = clock;
	c->busy = busy;
	c->have = true;
	c->have_vcpu = vcpu;
	c->vcpu_ns = vcpu ? *vcpu : 0;
}

static int take_clocks(struct observed *s, const struct raw *r, struct errbuf *e)
{
	uint32_t i, n = r->len[RAW_CLOCK] < OBSERVED_CPUS ? r->len[RAW_CLOCK] : OBSERVED_CPUS;
	uint64_t clock, nr, vcpu;

	if (!s->cpu)
		s->cpu = calloc(OBSERVED_CPUS, sizeof(*s->cpu));
	if (!s->cpu)
		return errbuf_set(e, -ENOMEM, "out of memory");
	s->ncpus = n > s->ncpus ? n : s->ncpus;
	for (i = 0; i < n; i++) {
		clock = r->col[RAW_CLOCK][i];
		if (clock == RAW_NONE) {
			s->cpu[i].have = false;
			continue;
		}
		nr = raw_get(r, RAW_NR_RUNNING, i);
		vcpu = raw_get(r, RAW_RUN, i);
		take_clock(s, &s->cpu[i], clock, nr && nr != RAW_NONE,
			   vcpu == RAW_NONE ? NULL : &vcpu);
	}
	return 0;
}

/*
 * Idle time, by which is known what a vCPU did not ask for. Not of a CPU that idles now: the kernel
 * counts none while a task is on its queue (kernel/time/tick-sched.c, tick_irq_exit()), and it is
 * just then that a scheduler is at fault. What the host's own clock of waits tells remains.
 */
static uint64_t idle_of(const struct raw *r, uint32_t cpu)
{
	if (cpu < r->nclass && r->class[cpu] == CLASS_IDLE)
		return RAW_NONE;
	return raw_get(r, RAW_IDLE_TOTAL, cpu);
}

/* What the host gave the vCPUs, of all samples: what it withheld lies between two of them. */
static int take_host_time(struct host_model *h, const struct raw *r)
{
	struct host_counters c[OBSERVED_CPUS];
	uint32_t i, n = r->len[RAW_RUN] > r->len[RAW_STEAL] ? r->len[RAW_RUN] : r->len[RAW_STEAL];
	const struct raw_slice *s;
	int rc = 0;

	for (i = 0; i < r->nslices && !rc; i++) {
		s = &r->slices[i];
		if (s->cpu < OBSERVED_CPUS)
			rc = host_add_slice(h, (uint32_t)s->cpu, clamp(s->from), clamp(s->to),
					    s->ns);
	}
	for (i = 0; i < n; i++)
		c[i] = (struct host_counters){ raw_get(r, RAW_RUN, i), raw_get(r, RAW_STEAL, i),
					       idle_of(r, i) };
	return rc ? rc : host_add(h, r->t_ns, c, n);
}

/* What was before the hold is kt's own doing: it sets workers up in a class above them. */
static void clip_to_hold(struct raw *r, int64_t held_ns)
{
	uint64_t held = held_ns < r->t_ns ? (uint64_t)(r->t_ns - held_ns) : 0, *idle;
	uint32_t i;

	for (i = 0; i < r->nwaiting; i++)
		if (r->waiting[i].wait_ns > held)
			r->waiting[i].wait_ns = held;
	for (i = 0; i < r->len[RAW_IDLE_FOR]; i++) {
		idle = &r->col[RAW_IDLE_FOR][i];
		if (*idle != RAW_NONE && *idle > held)
			*idle = held;
	}
}

static int take_raw(struct model *m, const struct raw *r, struct errbuf *e)
{
	struct observed *s = &m->seen;
	struct sample *p;

	if (take_host_time(&m->host, r))
		return errbuf_set(e, -ENOMEM, "out of memory");
	if (!s->open)
		return 0;
	p = s->monitor ? next_sample(s) : NULL;
	if (p) {
		*p = (struct sample){ .t_ns = r->t_ns, .tag = s->seen, .first = !s->have_sample };
		take_imbalance(p, r);
		take_depth(p, r);
		take_events(s, p, r);
	}
	if (s->held_ns >= 0 && conservation_sample(m, r))
		return errbuf_set(e, -ENOMEM, "out of memory");
	if (s->held_ns >= 0)
		waits_sample(m, r);
	away_sample(m, r);
	callbacks_sample(m, r);
	return p ? take_clocks(s, r, e) : 0;
}

int take_sample(struct model *m, const char *line, size_t len, struct json_object *o,
		struct errbuf *e)
{
	struct observed *s = &m->seen;
	int rc;

	if (!s->raw)
		s->raw = calloc(1, sizeof(*s->raw));
	if (!s->raw)
		return errbuf_set(e, -ENOMEM, "out of memory");
	if (!raw_read(s->raw, line, len))
		return errbuf_set(e, -EINVAL, "expected a JSON object of columns");
	if (s->raw->t_ns < 0 || !s->raw->have_cpu)
		return errbuf_set(e, -EINVAL,
				  "expected a number >= 0 as t_ns and an object as cpu");
	s->seen++;
	rc = whole_sample(&m->whole, s->raw, e);
	if (rc)
		return rc;
	if (s->held_ns >= 0)
		clip_to_hold(s->raw, s->held_ns);
	rc = take_raw(m, s->raw, e);
	if (rc || !s->open)
		return rc;
	s->have_sample = true;
	return o ? temporal_sample(m, rec_get_obj(o, "fields"), s->raw->t_ns, e) : 0;
}

bool observed_needs_fields(const struct observed *s)
{
	return s->nlive || s->nrules;
}

bool observed_wants(const struct observed *s, const char *type, bool *mine)
{
	*mine = strcmp(type, "snapshot") == 0;
	return *mine && s->nrules;
}

void observed_free(struct observed *s)
{
	free(s->error);
	free(s->samples);
	free(s->cpu);
	if (s->raw)
		raw_free(s->raw);
	temporal_free(s);
}
