// SPDX-License-Identifier: GPL-2.0-only
/* The roll-up: facts about all workers, also of those that a check leaves out. */
#include <math.h>
#include <stdlib.h>

#include "stats.h"
#include "units.h"

#define GROUPS_MAX 1024 /* of one cgroup; a record is for people */

static int64_t clamp(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

/* A mean or a maximum that exists only when something was measured, in microseconds. */
static void put_us(struct json_object *o, const char *key, bool known, double ns)
{
	rec_dbl(o, key, known ? ns / NSEC_PER_USEC : NAN);
}

/* The spread of a group, 0 for less than two workers. */
static double group_spread(const struct model *m, const struct group *g)
{
	struct moments off = { 0 };
	uint32_t i;

	for (i = g->first; i != MODEL_NONE; i = m->workers[i].next)
		moments_add(&off, m->workers[i].off_cpu_pct);
	return off.n < 2 ? 0 : moments_spread(&off);
}

static void put_group(struct json_object *list, const struct model *m, const struct group *g)
{
	struct json_object *o = json_object_new_object();
	uint64_t workers = 0, iterations = 0, migrations = 0, gap = 0;
	const struct worker *w;
	uint32_t i;

	for (i = g->first; i != MODEL_NONE; i = w->next) {
		w = &m->workers[i];
		workers++;
		iterations = arith_add(iterations, w->iterations);
		migrations = arith_add(migrations, w->migrations);
		gap = w->max_gap_ns > gap ? w->max_gap_ns : gap;
	}
	if (m->places[g->place].step == MODEL_BACKDROP)
		rec_add(o, "step", NULL);
	else
		rec_int(o, "step", m->places[g->place].step);
	rec_int(o, "group", g->number);
	rec_str(o, "work", g->work);
	rec_int(o, "workers", clamp(workers));
	rec_dbl(o, "spread_pct", group_spread(m, g));
	rec_dbl(o, "max_gap_ms", (double)gap / NSEC_PER_MSEC);
	rec_int(o, "migrations", clamp(migrations));
	rec_int(o, "iterations", clamp(iterations));
	json_object_array_add(list, o);
}

/* What makes up a cgroup of several groups or steps. */
static void put_groups(struct json_object *o, const struct model *m, const struct cgroup *c)
{
	struct json_object *list = json_object_new_array();
	uint32_t i, n = 0;

	for (i = c->first; i != MODEL_NONE && n < GROUPS_MAX; i = m->groups[i].next)
		if (m->groups[i].first != MODEL_NONE) {
			put_group(list, m, &m->groups[i]);
			n++;
		}
	if (n > 1)
		rec_add(o, "groups", list);
	else
		json_object_put(list);
}

static void put_one(struct rec_out *out, const struct model *m, const struct cgroup *c,
		    double spread)
{
	struct json_object *o = rec_new("stats");

	rec_str(o, "cgroup", c->name);
	rec_int(o, "workers", clamp(c->workers));
	rec_int(o, "cpus", cpulist_count(&c->cpus));
	rec_dbl(o, "spread_pct", spread);
	rec_dbl(o, "avg_off_cpu_pct", c->workers ? c->off_cpu_sum / (double)c->workers : 0);
	rec_dbl(o, "max_gap_ms", (double)c->max_gap_ns / NSEC_PER_MSEC);
	rec_int(o, "max_gap_cpu", c->max_gap_cpu);
	rec_int(o, "migrations", clamp(c->migrations));
	rec_int(o, "iterations", clamp(c->iterations));
	put_us(o, "p99_wake_us", c->p99_ns, (double)c->p99_ns);
	put_us(o, "run_delay_us", c->delays, (double)c->delay_ns / (double)c->delays);
	if (c->name)
		put_groups(o, m, c);
	rec_put(out, o);
}

static void add(struct cgroup *sum, const struct cgroup *c)
{
	cpulist_or(&sum->cpus, &c->cpus);
	if (c->max_gap_ns > sum->max_gap_ns || !sum->workers) {
		sum->max_gap_ns = c->max_gap_ns;
		sum->max_gap_cpu = c->max_gap_cpu;
	}
	sum->workers += c->workers;
	sum->migrations = arith_add(sum->migrations, c->migrations);
	sum->iterations = arith_add(sum->iterations, c->iterations);
	sum->p99_ns = c->p99_ns > sum->p99_ns ? c->p99_ns : sum->p99_ns;
	sum->delay_ns = arith_add(sum->delay_ns, c->delay_ns);
	sum->delays += c->delays;
	sum->off_cpu_sum += c->off_cpu_sum;
}

void stats_host(const struct model *m, struct rec_out *out)
{
	int64_t from = m->seen.workload_ns > 0 ? m->seen.workload_ns : 0, worst_cpu = -1;
	int64_t to = m->stop_ns >= 0 ? host_time(m, m->stop_ns) : from;
	struct json_object *o, *host = json_object_new_object(), *load = NULL;
	double pct, sum = 0, worst = 0;
	bool known = host_known(m) && to > from;
	uint32_t i;

	for (i = 0; known && i < m->host.ncpus; i++) {
		pct = 100.0 * (double)host_withheld(m, i, from, to) / (double)(to - from);
		sum += pct;
		if (pct <= worst && worst_cpu >= 0)
			continue;
		worst = pct;
		worst_cpu = i;
	}
	for (i = 0; m->host.have_load && i < 3; i++) {
		load = load ? load : json_object_new_array();
		json_object_array_add(load, json_object_new_double(m->host.load[i]));
	}
	rec_dbl(host, "steal_pct", known ? sum / m->host.ncpus : NAN);
	rec_dbl(host, "worst_pct", known ? worst : NAN);
	rec_int(host, "worst_cpu", worst_cpu);
	rec_add(host, "load", load);
	rec_str(host, "engine", m->host.engine[0] ? m->host.engine : NULL);
	rec_bool(host, "known", known);
	o = rec_new("stats");
	rec_add(o, "cgroup", NULL);
	rec_add(o, "host", host);
	rec_put(out, o);
}

void stats_write(const struct model *m, struct rec_out *out)
{
	double *spread = calloc(m->ncgroups + 1, sizeof(*spread)), worst = 0;
	struct cgroup sum = { .max_gap_cpu = -1 };
	uint32_t i;

	if (!spread) /* the figures are for people: go without rather than without a verdict */
		return;
	for (i = 0; i < m->ngroups; i++) {
		double s = group_spread(m, &m->groups[i]);
		uint32_t c = m->places[m->groups[i].place].cgroup;

		spread[c] = fmax(spread[c], s);
		worst = fmax(worst, s);
	}
	for (i = 0; i < m->ncgroups; i++) {
		if (!m->cgroups[i].workers)
			continue;
		put_one(out, m, &m->cgroups[i], spread[i]);
		add(&sum, &m->cgroups[i]);
	}
	put_one(out, m, &sum, worst);
	free(spread);
}
