// SPDX-License-Identifier: GPL-2.0-only
/* What a worker measured, as a record. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "record.h"
#include "report.h"
#include "work/custom.h"

/* NULL: all CPUs. */
static const char *allowed(const struct worker *w, char *list)
{
	return w->anywhere ? NULL : cpulist_format(&w->allowed, list);
}

static void add_exit(struct json_object *o, const struct crew *c, const struct worker *w)
{
	char text[32] = "completed";

	if (w->killed || !w->reaped)
		snprintf(text, sizeof(text), "killed");
	else if (c->type->external && WIFSIGNALED(w->status) && WTERMSIG(w->status) == SIGTERM)
		; /* as it was told to */
	else if (WIFSIGNALED(w->status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(w->status));
	else if (WEXITSTATUS(w->status))
		snprintf(text, sizeof(text), "exit %d", WEXITSTATUS(w->status));
	rec_str(o, "exit", text);
}

/* Events one by one, the longest first. */
static void add_top(struct json_object *o, const char *key, struct telemetry_top *top)
{
	struct json_object *list = json_object_new_array(), *e;
	unsigned int i;

	telemetry_top_sort(top);
	for (i = 0; i < top->n; i++) {
		e = json_object_new_object();
		rec_int(e, "ns", (int64_t)top->event[i].ns);
		rec_int(e, "at_ns", (int64_t)top->event[i].at_ns);
		rec_int(e, "cpu", top->event[i].cpu);
		json_object_array_add(list, e);
	}
	rec_add(o, key, list);
}

static void add_times(struct json_object *o, const struct worker *w, struct telemetry *t)
{
	uint64_t cpu = t->state == TM_DONE ? t->cpu_ns : w->cpu_ns;
	uint64_t wall = t->stop_ns - t->start_ns;
	uint64_t off = wall > cpu ? wall - cpu : 0;

	rec_int(o, "start_ns", (int64_t)t->start_ns);
	if (t->start_delay_ns)
		rec_int(o, "start_delay_ns", (int64_t)t->start_delay_ns);
	rec_int(o, "wall_time_ns", (int64_t)wall);
	rec_int(o, "cpu_time_ns", (int64_t)cpu);
	rec_int(o, "off_cpu_ns", (int64_t)off);
	rec_dbl(o, "off_cpu_pct", wall ? 100.0 * (double)off / (double)wall : 0);
	rec_int(o, "max_gap_ns", (int64_t)t->max_gap_ns);
	rec_int(o, "max_gap_cpu", t->max_gap_cpu);
	rec_int(o, "max_gap_at_ns", (int64_t)t->max_gap_at_ns);
	add_top(o, "gaps", &t->gaps);
}

static void add_hist(struct json_object *o, const char *key, const struct hist *h,
		     struct telemetry_top *worst)
{
	struct json_object *d;

	d = json_object_new_object();
	rec_int(d, "count", (int64_t)h->count);
	rec_int(d, "p50_ns", (int64_t)hist_percentile(h, 50));
	rec_int(d, "p99_ns", (int64_t)hist_percentile(h, 99));
	rec_int(d, "max_ns", (int64_t)h->max);
	rec_int(d, "mean_ns", (int64_t)hist_mean(h));
	rec_dbl(d, "cv", hist_cv(h));
	add_top(d, "worst", worst);
	rec_add(o, key, d);
}

static void add_delays(struct json_object *o, struct telemetry *t)
{
	if (t->delay.count)
		add_hist(o, "run_delay", &t->delay, &t->worst_delays);
	else
		rec_add(o, "run_delay", NULL);
	if (t->late.count)
		add_hist(o, "timer_late", &t->late, &t->worst_late);
}

static void add_failed(struct json_object *o, const struct telemetry *t)
{
	static const char *const key[TM_FAILURES] = { "fork", "exec", "other" };
	const char *name = strerrorname_np(t->error);
	struct json_object *f;
	int i;

	if (!t->error)
		return;
	f = json_object_new_object();
	for (i = 0; i < TM_FAILURES; i++)
		rec_int(f, key[i], (int64_t)t->failed[i]);
	rec_str(f, "error", name ? name : "?");
	rec_add(o, "failed", f);
}

/* What the type has to say beyond the common figures. */
static void add_own(struct json_object *o, const struct telemetry *t)
{
	uint32_t i, n = t->metrics < TM_METRICS ? t->metrics : TM_METRICS;
	struct json_object *m;

	if (t->medium[0])
		rec_str(o, "medium", t->medium);
	if (!n)
		return;
	m = json_object_new_object();
	for (i = 0; i < n; i++)
		rec_dbl(m, t->metric[i].name, t->metric[i].value);
	rec_add(o, "metrics", m);
}

static void add_proc(struct json_object *o, const struct worker *w)
{
	struct json_object *p = NULL;
	int i;

	if (w->proc0.known && w->proc1.known) {
		p = json_object_new_object();
		for (i = 0; i < PROC_COUNTS; i++)
			if (w->proc1.count[i] >= 0)
				rec_int(p, procstat_keys[i], w->proc1.count[i] - w->proc0.count[i]);
		rec_int(p, "nice", w->proc1.nice);
		rec_int(p, "policy", w->proc1.policy);
		rec_int(p, "threads", w->proc1.threads);
	}
	rec_add(o, "proc", p);
}

static void add_wakes(struct json_object *o, const struct crew *c, struct worker *w)
{
	struct telemetry_wake_stats s;
	struct json_object *l;

	if (!c->type->blocks || !w->tm->wakes) {
		rec_add(o, "wake_latency", NULL);
		return;
	}
	telemetry_wake_stats(w->tm, &s);
	l = json_object_new_object();
	rec_int(l, "count", (int64_t)s.count);
	rec_int(l, "p50_ns", (int64_t)s.p50_ns);
	rec_int(l, "p99_ns", (int64_t)s.p99_ns);
	rec_int(l, "max_ns", (int64_t)s.max_ns);
	rec_int(l, "mean_ns", (int64_t)s.mean_ns);
	rec_dbl(l, "cv", s.cv);
	add_top(l, "worst", &w->tm->worst_wakes);
	rec_add(o, "wake_latency", l);
}

static void add_schedstat(struct json_object *o, const struct worker *w)
{
	static const char *const key[] = { "run_ns", "wait_ns", "timeslices" };
	struct json_object *s = NULL;
	int i;

	if (w->schedstat) {
		s = json_object_new_object();
		for (i = 0; i < 3; i++)
			rec_int(s, key[i], (int64_t)(w->sched1[i] - w->sched0[i]));
	}
	rec_add(o, "schedstat", s);
}

/* The pages that it had for itself at the stop, by node. */
static void add_numa(struct json_object *o, const struct crew *c, const struct worker *w)
{
	const struct worker_memory *m = c->memory + (w - c->w);
	struct json_object *p;
	char node[12];
	unsigned int i;

	if (!c->memory)
		return;
	p = json_object_new_object();
	for (i = 0; i < c->nodes && i < NUMA_NODES; i++) {
		snprintf(node, sizeof(node), "%u", i);
		rec_int(p, node, m->pages[i]);
	}
	rec_add(o, "numa_pages", p);
	if (m->migrated >= 0)
		rec_int(o, "numa_pages_migrated", m->migrated);
}

/* It took no checkpoints: what was seen of it from outside (crew/onlooker.h), and by the kernel. */
static void close_external(const struct crew *c, const struct worker *w)
{
	struct telemetry *t = w->tm;

	t->start_ns = c->start_ns;
	t->stop_ns = c->stop_ns;
	if (!t->max_gap_ns)
		t->max_gap_cpu = -1;
	if (w->proc0.known && w->proc1.known && w->proc1.count[PROC_MIGRATIONS] >= 0)
		t->migrations = (uint64_t)(w->proc1.count[PROC_MIGRATIONS] -
					   w->proc0.count[PROC_MIGRATIONS]);
	if (w->schedstat && !t->delay.count) /* it was not watched */
		telemetry_delay(t, w->sched1[1] - w->sched0[1], w->sched1[2] - w->sched0[2],
				c->stop_ns, -1);
}

struct json_object *report_worker(const struct crew *c, struct worker *w)
{
	struct json_object *o = rec_new("worker");
	struct telemetry *t = w->tm;
	char list[CPULIST_TEXT_MAX];

	if (c->type->external)
		close_external(c, w);
	else if (t->state != TM_DONE)
		telemetry_close(t, c->start_ns, c->stop_ns);
	if (c->step < 0)
		rec_add(o, "step", NULL);
	else
		rec_int(o, "step", c->step);
	rec_str(o, "cgroup", c->cgroup);
	rec_int(o, "index", w->index);
	rec_int(o, "group", c->group_index);
	rec_int(o, "tid", w->tid);
	rec_str(o, "work", c->type->name);
	rec_str(o, "cpus_allowed", allowed(w, list));
	add_exit(o, c, w);
	rec_int(o, "work_units", (int64_t)t->work_units);
	rec_int(o, "iterations", (int64_t)t->iterations);
	rec_int(o, "migrations", (int64_t)t->migrations);
	add_times(o, w, t);
	rec_str(o, "cpus_used", cpulist_format(&t->cpus, list));
	add_wakes(o, c, w);
	add_delays(o, t);
	add_schedstat(o, w);
	add_proc(o, w);
	add_numa(o, c, w);
	add_failed(o, t);
	add_own(o, t);
	if (c->type->external)
		work_custom_report(w->group, w->cpu_ns, o);
	return o;
}
