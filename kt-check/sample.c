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
#include "record.h"
#include "units.h"

/* Events that sched_ext counts, by their columns. Kernels before 6.15 count none. */
static const char *const event_columns[] = { "select_cpu_fallback", "dispatch_keep_last" };

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

static size_t length(struct json_object *column)
{
	return column ? json_object_array_length(column) : 0;
}

/* A number >= 0 of a column; false: it has none there. */
static bool number(struct json_object *column, size_t i, uint64_t *v)
{
	struct json_object *n = i < length(column) ? json_object_array_get_idx(column, i) : NULL;

	*v = json_object_get_uint64(n);
	return json_object_is_type(n, json_type_int);
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

static void take_queues(struct sample *p, struct json_object *cpu)
{
	struct json_object *running = rec_get_arr(cpu, "nr_running");
	struct json_object *local = rec_get_arr(cpu, "local_dsq");
	uint64_t v;
	size_t i;

	p->least = INT64_MAX;
	for (i = 0; i < length(running); i++) {
		if (!number(running, i, &v))
			continue;
		p->most = clamp(v) > p->most ? clamp(v) : p->most;
		p->least = clamp(v) < p->least ? clamp(v) : p->least;
	}
	p->depth = -1;
	for (i = 0; i < length(local); i++) {
		if (!number(local, i, &v) || clamp(v) <= p->depth)
			continue;
		p->depth = clamp(v);
		p->depth_cpu = (uint32_t)i;
	}
}

/* Sums over the CPUs, as a rate since the sample before. */
static void take_events(struct observed *s, struct sample *p, struct json_object *events)
{
	double *rates[] = { &p->fallback, &p->keep_last };
	struct json_object *column;
	uint64_t sum, v;
	bool any = false;
	size_t i, k;

	for (k = 0; k < 2; k++) {
		*rates[k] = NAN;
		column = rec_get_arr(events, event_columns[k]);
		any |= length(column) > 0;
		for (i = 0, sum = 0; i < length(column); i++)
			sum = arith_add(sum, number(column, i, &v) ? v : 0);
		if (s->have_events && length(column) && sum >= s->events[k] &&
		    (uint64_t)p->t_ns > s->events_ns)
			*rates[k] =
				arith_rate(sum - s->events[k], (uint64_t)p->t_ns - s->events_ns);
		s->events[k] = sum;
	}
	s->no_counters = !any;
	s->have_events = any;
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

static int take_clocks(struct observed *s, struct json_object *cpu, struct errbuf *e)
{
	struct json_object *clocks = rec_get_arr(cpu, "clock_ns");
	struct json_object *running = rec_get_arr(cpu, "nr_running");
	struct json_object *vcpus = rec_get_arr(cpu, "vcpu_ns");
	size_t i, n = length(clocks) < OBSERVED_CPUS ? length(clocks) : OBSERVED_CPUS;
	uint64_t clock, nr, vcpu;
	bool ran;

	if (!s->cpu)
		s->cpu = calloc(OBSERVED_CPUS, sizeof(*s->cpu));
	if (!s->cpu)
		return errbuf_set(e, -ENOMEM, "out of memory");
	s->ncpus = n > s->ncpus ? (uint32_t)n : s->ncpus;
	for (i = 0; i < n; i++) {
		if (!number(clocks, i, &clock)) {
			s->cpu[i].have = false;
			continue;
		}
		ran = number(vcpus, i, &vcpu);
		take_clock(s, &s->cpu[i], clock, number(running, i, &nr) && nr, ran ? &vcpu : NULL);
	}
	return 0;
}

static uint64_t counter(struct json_object *column, size_t i)
{
	uint64_t v;

	return number(column, i, &v) ? v : UINT64_MAX;
}

/* What the host gave the vCPUs, of all samples: what it withheld lies between two of them. */
static int take_host_time(struct model *m, struct json_object *o, struct json_object *cpu,
			  int64_t t)
{
	struct json_object *run = rec_get_arr(cpu, "vcpu_ns"),
			   *steal = rec_get_arr(cpu, "steal_ns");
	struct json_object *idle = rec_get_arr(cpu, "idle_total_ns");
	struct json_object *slices = rec_get_arr(o, "steal"), *s;
	struct host_counters c[OBSERVED_CPUS];
	uint64_t v[4];
	size_t i, k, n;
	int rc = 0;

	for (i = 0; i < length(slices) && !rc; i++) {
		s = json_object_array_get_idx(slices, i);
		if (!json_object_is_type(s, json_type_array))
			continue;
		for (k = 0; k < 4 && number(s, k, &v[k]);)
			k++;
		if (k == 4 && v[0] < OBSERVED_CPUS)
			rc = host_add_slice(&m->host, (uint32_t)v[0], clamp(v[1]), clamp(v[2]),
					    v[3]);
	}
	n = length(run) > length(steal) ? length(run) : length(steal);
	n = n < OBSERVED_CPUS ? n : OBSERVED_CPUS;
	for (i = 0; i < n; i++)
		c[i] = (struct host_counters){ counter(run, i), counter(steal, i),
					       counter(idle, i) };
	return rc ? rc : host_add(&m->host, t, c, (uint32_t)n);
}

int take_sample(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *cpu = rec_get_obj(o, "cpu");
	struct observed *s = &m->seen;
	int64_t t = rec_get_int(o, "t_ns", -1);
	struct sample *p;
	int rc = 0;

	if (t < 0 || !cpu)
		return errbuf_set(e, -EINVAL,
				  "expected a number >= 0 as t_ns and an object as cpu");
	s->seen++;
	if (take_host_time(m, o, cpu, t))
		return errbuf_set(e, -ENOMEM, "out of memory");
	if (!s->open)
		return 0;
	p = s->monitor ? next_sample(s) : NULL;
	if (p) {
		*p = (struct sample){ .t_ns = t, .tag = s->seen, .first = !s->have_sample };
		take_queues(p, cpu);
		take_events(s, p, rec_get_obj(o, "events"));
		rc = take_clocks(s, cpu, e);
	}
	s->have_sample = true;
	return rc ? rc : temporal_sample(m, rec_get_obj(o, "fields"), t, e);
}

bool observed_wants(const struct observed *s, const char *type, bool *mine)
{
	bool sample = strcmp(type, "sample") == 0, snapshot = strcmp(type, "snapshot") == 0;

	*mine = sample || snapshot;
	if (sample)
		return true;
	return snapshot && s->nrules;
}

void observed_free(struct observed *s)
{
	free(s->error);
	free(s->samples);
	free(s->cpu);
	temporal_free(s);
}
