// SPDX-License-Identifier: GPL-2.0-only
/* One worker's report: every member that is judged must be there and make sense. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "record.h"
#include "worker.h"

/* A counter: a whole number that is not negative. */
static int get_count(struct json_object *o, const char *key, uint64_t *v, struct errbuf *e)
{
	struct json_object *m;

	if (!json_object_object_get_ex(o, key, &m) || !json_object_is_type(m, json_type_int) ||
	    (json_object_get_int64(m) < 0))
		return errbuf_set(e, -EINVAL, "expected a whole number >= 0 as %s", key);
	*v = json_object_get_uint64(m);
	return 0;
}

static int get_counts(struct worker *w, struct json_object *o, uint64_t *migrations,
		      struct errbuf *e)
{
	const struct {
		const char *key;
		uint64_t *v;
	} counts[] = {
		{ "work_units", &w->work_units }, { "iterations", &w->iterations },
		{ "wall_time_ns", &w->wall_ns },  { "cpu_time_ns", &w->cpu_ns },
		{ "max_gap_ns", &w->max_gap_ns }, { "migrations", migrations },
	};
	int64_t at;
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]) && !rc; i++)
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
	at = rec_get_int(o, "max_gap_at_ns", 0);
	w->gap_at_ns = at > 0 ? at : 0;
	return 0;
}

/* Completed, killed, or ended by itself, which is kept to be told. */
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
	    asprintf(&m->worker_died, "%s: worker %lld ended by itself (%s)", cgroup,
		     (long long)w->tid, exit) < 0) {
		m->worker_died = NULL;
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

/* Which CPUs it used, adds them to the cgroup's, and which of them it had no right to. */
static int get_cpus(struct worker *w, struct group *g, struct cpulist *all, struct json_object *o,
		    struct errbuf *e)
{
	const char *used = rec_get_str(o, "cpus_used", NULL);
	const char *allowed = rec_get_str(o, "cpus_allowed", NULL);
	struct cpulist u, a;
	char text[CPULIST_TEXT_MAX];
	struct errbuf why;

	if (!used || cpulist_parse(used, &u, &why))
		return errbuf_set(e, -EINVAL, "expected a CPU list as cpus_used");
	cpulist_or(all, &u);
	if (!allowed) {
		if (json_object_object_get(o, "cpus_allowed"))
			return errbuf_set(e, -EINVAL,
					  "expected a CPU list or null as cpus_allowed");
		return 0;
	}
	if (cpulist_parse(allowed, &a, &why))
		return errbuf_set(e, -EINVAL, "expected a CPU list or null as cpus_allowed");
	if (!g->cpuset)
		g->cpuset = strdup(cpulist_format(&a, text));
	cpulist_andnot(&u, &a);
	if (cpulist_count(&u))
		w->outside = strdup(cpulist_format(&u, text));
	if (!g->cpuset || (cpulist_count(&u) && !w->outside))
		return errbuf_set(e, -ENOMEM, "out of memory");
	return 0;
}

static void add_to_cgroup(struct cgroup *c, const struct worker *w, uint64_t migrations,
			  struct json_object *o)
{
	struct json_object *wake = rec_get_obj(o, "wake_latency");
	struct json_object *stat = rec_get_obj(o, "schedstat");
	int64_t p99 = rec_get_int(wake, "p99_ns", 0), wait = rec_get_int(stat, "wait_ns", -1);

	c->workers++;
	c->migrations = arith_add(c->migrations, migrations);
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

static void add_to_group(struct model *m, struct group *g, uint32_t i)
{
	if (g->last == MODEL_NONE)
		g->first = i;
	else
		m->workers[g->last].next = i;
	g->last = i;
	g->reported++;
}

int take_worker(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "cgroup", NULL);
	struct worker w = { .next = MODEL_NONE };
	int64_t step = rec_get_int(o, "step", -1);
	uint64_t migrations;
	struct group *g;
	int rc;

	if (!name || step < 0)
		return errbuf_set(e, -EINVAL, "expected a string as cgroup and a number as step");
	rc = get_counts(&w, o, &migrations, e);
	if (!rc)
		rc = get_exit(m, &w, name, o, e);
	if (!rc)
		rc = group_room(&m->workers, m->nworkers, &m->workers_cap, sizeof(w), e);
	if (rc)
		return rc;
	g = group_get(m, step, name, e);
	if (!g)
		return -ENOMEM;
	rc = get_cpus(&w, g, &m->cgroups[g->cgroup].cpus, o, e);
	if (rc)
		return rc;
	add_to_cgroup(&m->cgroups[g->cgroup], &w, migrations, o);
	m->workers[m->nworkers] = w;
	add_to_group(m, g, m->nworkers++);
	return 0;
}
