// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of a worker's own measurements. No system calls: times and CPUs
 * are passed in, so that it can be tested with made-up ones.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "telemetry.h"

void telemetry_start(struct telemetry *t, uint64_t start_ns, uint64_t seed)
{
	t->start_ns = t->last_ns = start_ns;
	t->cpu = t->max_gap_cpu = -1;
	t->rng = seed * 0x9e3779b97f4a7c15ULL | 1; /* never 0, xorshift's fixed point */
}

static unsigned int place(const struct telemetry_top *top, unsigned int room,
			  const struct telemetry_event *e)
{
	unsigned int i, least = 0;

	for (i = 0; i < top->n; i++) {
		if (top->event[i].at_ns - top->event[i].ns == e->at_ns - e->ns)
			return i;
		if (top->event[i].ns < top->event[least].ns)
			least = i;
	}
	return top->n < room ? top->n : least;
}

void telemetry_top_put(struct telemetry_top *top, unsigned int room, struct telemetry_event e)
{
	unsigned int i;

	if (!e.ns || (top->n == room && e.ns <= top->least))
		return;
	i = place(top, room, &e);
	if (i == top->n)
		top->n++;
	else if (e.ns <= top->event[i].ns)
		return;
	top->event[i] = e;
	top->least = e.ns;
	for (i = 0; i < top->n; i++)
		if (top->event[i].ns < top->least)
			top->least = top->event[i].ns;
}

static int longest_first(const void *a, const void *b)
{
	const struct telemetry_event *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

void telemetry_top_sort(struct telemetry_top *top)
{
	qsort(top->event, top->n, sizeof(top->event[0]), longest_first);
}

static struct telemetry_event event(const struct telemetry *t, uint64_t ns, uint64_t now, int cpu)
{
	return (struct telemetry_event){ .ns = ns, .at_ns = now - t->start_ns, .cpu = cpu };
}

void telemetry_gap(struct telemetry *t, uint64_t since, uint64_t now, int cpu)
{
	if (now <= since)
		return;
	telemetry_top_put(&t->gaps, TM_GAPS, event(t, now - since, now, cpu));
	if (now - since <= t->max_gap_ns)
		return;
	t->max_gap_ns = now - since;
	t->max_gap_at_ns = now - t->start_ns;
	t->max_gap_cpu = cpu;
}

void telemetry_mark(struct telemetry *t, uint64_t now, int cpu)
{
	telemetry_gap(t, t->last_ns, now, cpu);
	telemetry_resume(t, now, cpu);
}

void telemetry_resume(struct telemetry *t, uint64_t now, int cpu)
{
	t->last_ns = now;
	if (cpu == t->cpu)
		return;
	if (t->cpu >= 0)
		t->migrations++;
	t->cpu = cpu;
	cpulist_add(&t->cpus, (unsigned int)cpu);
}

static uint64_t next_random(struct telemetry *t)
{
	uint64_t x = t->rng;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return t->rng = x;
}

static void add_sample(struct telemetry *t, uint64_t ns)
{
	uint64_t slot = t->wakes < TM_SAMPLES ? t->wakes : next_random(t) % (t->wakes + 1);

	if (slot < TM_SAMPLES)
		t->sample[slot] = ns;
	t->wakes++;
	t->wake_sum += (double)ns;
	t->wake_squares += (double)ns * (double)ns;
	if (ns > t->wake_max_ns)
		t->wake_max_ns = ns;
}

uint64_t telemetry_latency(uint64_t wait_ns, uint64_t due, uint64_t now)
{
	uint64_t since = now > due ? now - due : 0;

	return wait_ns < since ? wait_ns : since;
}

void telemetry_woken(struct telemetry *t, uint64_t latency, uint64_t now, int cpu)
{
	uint64_t woken = now > latency ? now - latency : 0;

	add_sample(t, latency);
	telemetry_top_put(&t->worst_wakes, TM_WORST, event(t, latency, now, cpu));
	if (woken > t->last_ns)
		t->last_ns = woken;
	telemetry_mark(t, now, cpu);
}

void telemetry_late(struct telemetry *t, uint64_t due, uint64_t now, int cpu)
{
	uint64_t late = now > due ? now - due : 0;

	hist_add(&t->late, late, 1);
	telemetry_top_put(&t->worst_late, TM_WORST, event(t, late, now, cpu));
}

void telemetry_failed(struct telemetry *t, enum telemetry_failure what, int error)
{
	if (error == EINTR)
		return;
	t->failed[what]++;
	if (!t->error)
		t->error = error;
}

void telemetry_close(struct telemetry *t, uint64_t start_ns, uint64_t stop_ns)
{
	if (t->state == TM_BORN)
		telemetry_start(t, start_ns, 0);
	t->stop_ns = stop_ns;
	telemetry_gap(t, t->last_ns, stop_ns, t->cpu);
}

void telemetry_delay(struct telemetry *t, uint64_t wait_ns, uint64_t slices, uint64_t now, int cpu)
{
	if (!slices)
		return;
	hist_add(&t->delay, wait_ns / slices, slices);
	telemetry_top_put(&t->worst_delays, TM_WORST, event(t, wait_ns / slices, now, cpu));
}

void telemetry_metric(struct telemetry *t, const char *name, double value)
{
	uint32_t i;

	for (i = 0; i < t->metrics && strcmp(t->metric[i].name, name); i++)
		;
	if (i == TM_METRICS || !isfinite(value))
		return;
	snprintf(t->metric[i].name, TM_NAME, "%s", name);
	t->metric[i].value = value;
	if (i == t->metrics)
		t->metrics++;
}

void telemetry_metric_us(struct telemetry *t, const char *name, const struct hist *us)
{
	const struct {
		const char *what;
		double value;
	} m[] = {
		{ "p50_us", (double)hist_percentile(us, 50) },
		{ "p90_us", (double)hist_percentile(us, 90) },
		{ "p99_us", (double)hist_percentile(us, 99) },
		{ "p999_us", (double)hist_percentile(us, 99.9) },
		{ "min_us", (double)us->min },
		{ "max_us", (double)us->max },
		{ "samples", (double)us->count },
	};
	char key[TM_NAME];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(m); i++) {
		snprintf(key, sizeof(key), "%.20s_%s", name, m[i].what);
		telemetry_metric(t, key, m[i].value);
	}
}

void telemetry_medium(struct telemetry *t, const char *medium)
{
	snprintf(t->medium, TM_NAME, "%s", medium);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t telemetry_percentile(const uint64_t *sorted, size_t n, unsigned int pct)
{
	size_t rank = (n * pct + 99) / 100;

	return sorted[rank ? rank - 1 : 0];
}

void telemetry_wake_stats(struct telemetry *t, struct telemetry_wake_stats *s)
{
	size_t n = t->wakes < TM_SAMPLES ? t->wakes : TM_SAMPLES;
	double variance;

	*s = (struct telemetry_wake_stats){ .count = t->wakes, .max_ns = t->wake_max_ns };
	if (!n)
		return;
	qsort(t->sample, n, sizeof(t->sample[0]), by_value);
	s->p50_ns = telemetry_percentile(t->sample, n, 50);
	s->p99_ns = telemetry_percentile(t->sample, n, 99);
	s->mean_ns = t->wake_sum / (double)t->wakes;
	variance = t->wake_squares / (double)t->wakes - s->mean_ns * s->mean_ns;
	if (variance > 0 && s->mean_ns > 0)
		s->cv = sqrt(variance) / s->mean_ns;
}
