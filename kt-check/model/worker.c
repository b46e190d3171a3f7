// SPDX-License-Identifier: GPL-2.0-only
/* One worker's report: every member that is judged must be there and make sense. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "group.h"
#include "record.h"
#include "worker.h"

/* A counter: a whole number that is not negative. */
static int get_count(struct json_object *o, const char *key, uint64_t *v, struct errbuf *e)
{
	struct json_object *m;

	if (!json_object_object_get_ex(o, key, &m) || !json_object_is_type(m, json_type_int) ||
	    json_object_get_int64(m) < 0 || json_object_get_int64(m) > MODEL_MAX_COUNT)
		return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as %s", key);
	*v = json_object_get_uint64(m);
	return 0;
}

static int get_counts(struct worker *w, struct json_object *o, struct errbuf *e)
{
	const struct {
		const char *key;
		uint64_t *v;
	} counts[] = {
		{ "work_units", &w->work_units }, { "iterations", &w->iterations },
		{ "wall_time_ns", &w->wall_ns },  { "cpu_time_ns", &w->cpu_ns },
		{ "max_gap_ns", &w->max_gap_ns }, { "migrations", &w->migrations },
	};
	int64_t at;
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(counts) && !rc; i++)
		rc = get_count(o, counts[i].key, counts[i].v, e);
	if (rc)
		return rc;
	w->tid = rec_get_int(o, "tid", -1);
	if (w->tid < 0)
		return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as tid");
	w->off_cpu_pct = rec_get_dbl(o, "off_cpu_pct", NAN);
	if (!isfinite(w->off_cpu_pct))
		return errbuf_set(e, -EINVAL, "expected a number as off_cpu_pct");
	/* only said, never judged */
	w->gap_cpu = rec_get_int(o, "max_gap_cpu", -1);
	at = rec_get_int(rec_get_obj(o, "schedstat"), "timeslices", 0);
	w->timeslices = at > 0 ? (uint64_t)at : 0;
	w->start_ns = rec_get_int(o, "start_ns", -1);
	at = rec_get_int(o, "max_gap_at_ns", 0);
	w->gap_at_ns = at > 0 ? at : 0;
	return 0;
}

/* Completed, killed, or ended by itself, which is kept to be told with the calls that failed. */
static int get_exit(struct model *m, struct worker *w, const char *cgroup, struct json_object *o,
		    struct errbuf *e)
{
	const char *exit = rec_get_str(o, "exit", NULL);

	if (!exit)
		return errbuf_set(e, -EINVAL, "expected a string as exit");
	if (strcmp(exit, "completed") == 0)
		w->exit = WORKER_COMPLETED;
	else if (strcmp(exit, "killed") == 0)
		w->exit = WORKER_KILLED;
	else
		w->exit = WORKER_DIED;
	if (w->exit == WORKER_DIED && !m->worker_died &&
	    asprintf(&m->worker_died, "%s: worker %lld ended by itself (%s)%s%s", cgroup,
		     (long long)w->tid, exit, w->failure ? "; calls failed, " : "",
		     w->failure ? w->failure : "") < 0) {
		m->worker_died = NULL;
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

/* Which CPUs it used, adds them to the cgroup's, and which of them it had no right to. */
static int get_cpus(struct model *m, struct worker *w, struct group *g, struct cpulist *all,
		    struct json_object *o, struct errbuf *e)
{
	const char *used = rec_get_str(o, "cpus_used", NULL);
	const char *allowed = rec_get_str(o, "cpus_allowed", NULL);
	struct cpulist u, a;
	char text[CPULIST_TEXT_MAX];
	struct errbuf why;

	if (!used || cpulist_parse(used, &u, &why))
		return errbuf_set(e, -EINVAL, "expected a CPU list as cpus_used");
	cpulist_or(all, &u);
	w->mask = MODEL_NONE;
	if (!allowed) {
		if (json_object_object_get(o, "cpus_allowed"))
			return errbuf_set(e, -EINVAL,
					  "expected a CPU list or null as cpus_allowed");
		return 0;
	}
	if (cpulist_parse(allowed, &a, &why))
		return errbuf_set(e, -EINVAL, "expected a CPU list or null as cpus_allowed");
	w->mask = mask_get(m, &a, e);
	if (w->mask == MODEL_NONE)
		return -ENOMEM;
	if (!g->cpuset)
		g->cpuset = strdup(cpulist_format(&a, text));
	cpulist_andnot(&u, &a);
	if (cpulist_count(&u))
		w->outside = strdup(cpulist_format(&u, text));
	if (!g->cpuset || (cpulist_count(&u) && !w->outside))
		return errbuf_set(e, -ENOMEM, "out of memory");
	return 0;
}

/* System calls of its work that failed and were no part of the plan, and how to say it. */
static int get_failures(struct worker *w, struct json_object *failed, struct errbuf *e)
{
	static const char *const calls[] = { "fork", "exec", "other" };
	char text[3][48] = { "" };
	int64_t n;
	size_t i;

	for (i = 0; failed && i < 3; i++) {
		n = rec_get_int(failed, calls[i], 0);
		if (n <= 0)
			continue;
		snprintf(text[i], sizeof(text[i]), "%s%lld of %s", w->failed ? ", " : "",
			 (long long)n, i == 2 ? "other kinds" : calls[i]);
		w->failed = arith_add(w->failed, (uint64_t)n);
	}
	if (w->failed && asprintf(&w->failure, "%s%s%s (%.32s)", text[0], text[1], text[2],
				  rec_get_str(failed, "error", "no error is told")) < 0) {
		w->failure = NULL;
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

/* The longest gaps or latencies; those without a place in time cannot be matched, and are left out.
 */
static int get_outliers(struct outliers *l, struct json_object *array, struct errbuf *e)
{
	size_t i, n = array ? json_object_array_length(array) : 0;
	struct json_object *o;
	int64_t ns, at;

	if (!n)
		return 0;
	n = n < OUTLIERS_MAX ? n : OUTLIERS_MAX;
	l->o = calloc(n, sizeof(*l->o));
	if (!l->o)
		return errbuf_set(e, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(array, i);
		ns = rec_get_int(o, "ns", -1);
		at = rec_get_int(o, "at_ns", -1);
		if (ns >= 0 && at >= 0)
			l->o[l->n++] = (struct outlier){ .ns = (uint64_t)ns,
							 .at_ns = (uint64_t)at,
							 .cpu = rec_get_int(o, "cpu", -1) };
	}
	return 0;
}

static bool get_latency(struct latency *l, struct json_object *o)
{
	int64_t count = rec_get_int(o, "count", 0), p99 = rec_get_int(o, "p99_ns", -1);

	l->mean_ns = rec_get_dbl(o, "mean_ns", NAN);
	l->cv = rec_get_dbl(o, "cv", 0); /* null for a mean of 0 */
	if (count <= 0 || p99 < 0 || !isfinite(l->mean_ns) || !isfinite(l->cv))
		return false;
	l->count = (uint64_t)count;
	l->p99_ns = (uint64_t)p99;
	return true;
}

/* After what woke it, for types that block; else each time that it waited for a CPU. */
static int get_latencies(struct worker *w, struct json_object *o, struct errbuf *e)
{
	struct json_object *wake = rec_get_obj(o, "wake_latency");
	struct json_object *queue = rec_get_obj(o, "run_delay"), *of = NULL;

	if (get_latency(&w->latency, wake)) {
		w->latency.of = LATENCY_WAKE;
		of = wake;
	} else if (get_latency(&w->latency, queue)) {
		w->latency.of = LATENCY_QUEUE;
		of = queue;
	}
	if (get_outliers(&w->late, rec_get_arr(of, "worst"), e))
		return -ENOMEM;
	of = rec_get_obj(o, "timer_late");
	if (get_latency(&w->timer, of))
		w->timer.of = LATENCY_TIMER;
	return get_outliers(&w->timer_late, rec_get_arr(of, "worst"), e);
}

static int get_pages(struct group *g, struct json_object *o, struct errbuf *e)
{
	struct json_object *pages = rec_get_obj(o, "numa_pages");
	int64_t migrated = rec_get_int(o, "numa_pages_migrated", 0), n;
	unsigned long node;
	char *end;

	if (!pages)
		return 0;
	if (!g->pages)
		g->pages = calloc(1, sizeof(*g->pages));
	if (!g->pages)
		return errbuf_set(e, -ENOMEM, "out of memory");
	rec_each (pages, key, v) {
		node = strtoul(key, &end, 10);
		n = json_object_get_int64(v);
		if (!*key || *end || node >= MODEL_MAX_NODES || n < 0)
			return errbuf_set(e, -EINVAL,
					  "expected counts of pages by node as numa_pages");
		g->pages->node[node] = arith_add(g->pages->node[node], (uint64_t)n);
	}
	g->pages->migrated = arith_add(g->pages->migrated, migrated > 0 ? (uint64_t)migrated : 0);
	return 0;
}

static void add_to_cgroup(struct cgroup *c, const struct worker *w, struct json_object *o)
{
	struct json_object *wake = rec_get_obj(o, "wake_latency");
	struct json_object *stat = rec_get_obj(o, "schedstat");
	int64_t p99 = rec_get_int(wake, "p99_ns", 0), wait = rec_get_int(stat, "wait_ns", -1);

	c->workers++;
	c->migrations = arith_add(c->migrations, w->migrations);
	c->iterations = arith_add(c->iterations, w->iterations);
	c->off_cpu_sum += w->off_cpu_pct;
	if (w->max_gap_ns > c->max_gap_ns || c->workers == 1) {
		c->max_gap_ns = w->max_gap_ns;
		c->max_gap_cpu = w->gap_cpu;
	}
	if (p99 > 0 && (uint64_t)p99 > c->p99_ns)
		c->p99_ns = p99;
	if (wait >= 0) {
		c->delay_ns = arith_add(c->delay_ns, wait);
		c->delays++;
	}
}

static void add_to_group(struct model *m, struct group *g, const struct worker *w)
{
	uint32_t i = m->nworkers++;

	m->workers[i] = *w;
	if (g->last == MODEL_NONE)
		g->first = i;
	else
		m->workers[g->last].next = i;
	g->last = i;
	m->places[g->place].reported++;
}

/* Where a worker belongs: its step (null: backdrop), its cgroup (null: none), its group. */
static struct group *group_of(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "cgroup", NULL);
	int64_t step = rec_get_int(o, "step", -1), number = rec_get_int(o, "group", 0);
	struct json_object *none;
	struct place *p;

	if (!name && json_object_object_get_ex(o, "cgroup", &none) && !none)
		name = MODEL_ROOT;
	if (step < 0 && json_object_object_get_ex(o, "step", &none) && !none)
		step = MODEL_BACKDROP;
	else if (step < 0)
		name = NULL;
	if (!name || number < 0 || number >= MODEL_MAX_WORKERS) {
		errbuf_set(e, -EINVAL, "expected a string as cgroup and a number as step");
		return NULL;
	}
	p = place_get(m, step, name, e);
	return p ? group_get(m, p, (uint32_t)number, e) : NULL;
}

int take_worker(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct worker w = { .next = MODEL_NONE };
	struct group *g = group_of(m, o, e);
	struct cgroup *c;
	int rc;

	if (!g)
		return -EINVAL;
	c = &m->cgroups[m->places[g->place].cgroup];
	rc = get_counts(&w, o, e);
	if (!rc)
		rc = get_failures(&w, rec_get_obj(o, "failed"), e);
	if (!rc)
		rc = get_exit(m, &w, c->name, o, e);
	if (!rc)
		rc = group_room(&m->workers, m->nworkers, &m->workers_cap, sizeof(w), e);
	if (!rc)
		rc = get_pages(g, o, e);
	if (!rc)
		rc = get_cpus(m, &w, g, &c->cpus, o, e);
	if (!rc)
		rc = get_latencies(&w, o, e);
	if (!rc)
		rc = get_outliers(&w.gaps, rec_get_arr(o, "gaps"), e);
	if (rc) {
		free(w.outside);
		free(w.late.o);
		free(w.timer_late.o);
		free(w.failure);
		return rc;
	}
	if (!g->work && rec_get_str(o, "work", NULL))
		g->work = strdup(rec_get_str(o, "work", NULL));
	add_to_cgroup(c, &w, o);
	add_to_group(m, g, &w);
	return 0;
}
