// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is promised to each contender is less than its even share: tasks are whole, and a balancer
 * leaves small differences alone (entitle.c). A worker that always wants a CPU gets at least its
 * part of the load on its CPU, whatever the others there do; so those that sleep at times count as
 * if they never did and were all on its CPU, or else as having used all their CPU time there: both
 * are bounds, and the higher one holds. Where a scheduler does not promise to heed weights, the
 * lower one of with and without holds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shares.h"

#define QUOTA_PART   0.5 /* of a quota's even part: CPUs take it in slices */
#define REALTIME_MAX 0.5 /* of a CPU, by realtime workers, beside which something is promised */

/* Ways to divide CPU time, of which a scheduler promises one at least. */
struct way {
	bool cgroups, nice;
};

const struct cpulist *shares_cpus(const struct shares *s, const struct contender *p)
{
	const struct model *m = s->m;

	return p->w->mask == MODEL_NONE ? &m->cpus : &m->masks[p->w->mask];
}

bool shares_steady(const struct contender *p)
{
	return p->fair && (p->act == ACT_SPINS || p->act == ACT_YIELDS);
}

/* ---- loads ---------------------------------------------------------------------- */

static double home_load(const struct contest *c, int32_t home, bool nice)
{
	const struct home *h = &c->homes[home], *around;

	if (h->parent < 0)
		return h->weight;
	around = &c->homes[h->parent];
	return home_load(c, h->parent, nice) * h->weight / (nice ? around->tasks : around->heads);
}

static double load_of(const struct contest *c, const struct contender *p, const struct way *way)
{
	double weight = way->nice ? p->weight : 1024;
	const struct home *h;

	if (!way->cgroups || p->home < 0)
		return weight;
	h = &c->homes[p->home];
	return home_load(c, p->home, way->nice) * weight / (way->nice ? h->tasks : h->heads);
}

/* The kind of a contender: made when it is new; MODEL_NONE when there are too many. */
static uint32_t kind_of(struct shares *s, const struct contender *p, double load)
{
	const struct cpulist *cpus = shares_cpus(s, p);
	struct entitle_kind *k;
	uint32_t i;

	for (i = 0; i < s->nkinds; i++) {
		k = &s->kinds[i];
		if (fabs(k->load - load) <= 1e-9 * load &&
		    memcmp(&k->cpus, cpus, sizeof(*cpus)) == 0) {
			k->tasks++;
			return i;
		}
	}
	if (s->nkinds == ENTITLE_KINDS)
		return MODEL_NONE;
	k = &s->kinds[s->nkinds++];
	*k = (struct entitle_kind){ .cpus = *cpus, .load = load, .tasks = 1 };
	return i;
}

static bool make_kinds(struct shares *s, const struct way *way)
{
	uint32_t i;

	s->nkinds = 0;
	for (i = 0; i < s->c->n; i++) {
		const struct contender *p = &s->c->c[i];

		s->load[i] = load_of(s->c, p, way);
		s->kind[i] = MODEL_NONE;
		if (!shares_steady(p))
			continue;
		s->kind[i] = kind_of(s, p, s->load[i]);
		if (s->kind[i] == MODEL_NONE)
			return false;
	}
	return entitle_solve(s->kinds, s->nkinds) == 0;
}

/* Load of those that come and go, as if all of it were on one CPU. */
static double roaming(const struct shares *s, const struct way *way)
{
	const struct contest *c = s->c;
	double sum = 0;
	uint32_t i;

	for (i = 0; i < c->n; i++)
		if (!shares_steady(&c->c[i]) && c->c[i].act != ACT_REALTIME &&
		    c->c[i].act != ACT_CROWD)
			sum += s->load[i];
	for (i = 0; i < c->nhomes && way->cgroups; i++)
		if (c->homes[i].crowd)
			sum += home_load(c, (int32_t)i, way->nice);
	return sum;
}

/* ---- promises -------------------------------------------------------------------- */

static void promise_way(struct shares *s, const struct way *way, uint64_t wall_ns)
{
	double roam = roaming(s, way), used = s->crowd ? 1 : (double)s->roamed_ns / (double)wall_ns;
	const struct entitle_kind *k;
	double beside, after;
	uint32_t i;

	for (i = 0; i < s->c->n; i++) {
		if (s->kind[i] == MODEL_NONE)
			continue;
		k = &s->kinds[s->kind[i]];
		beside = k->load / (k->load / k->floor + roam);
		after = k->floor * fmax(0, 1 - used);
		s->of[i].floor = fmin(s->of[i].floor, fmax(beside, after));
		s->of[i].share = fmin(s->of[i].share, k->share);
		s->part[s->nways][i] = k->share;
	}
	s->nways++;
}

/* A quota around it: its part of that, when that is less. */
static void promise_quota(struct shares *s, uint32_t i)
{
	const struct contender *p = &s->c->c[i];
	const struct home *h = contest_quota(s->c, p->home);
	static const struct way way = { true, true };
	double cpus, part;

	if (!h)
		return;
	cpus = (double)h->quota / (double)h->period;
	part = load_of(s->c, p, &way) / home_load(s->c, (int32_t)(h - s->c->homes), true);
	s->of[i].share = fmin(s->of[i].share, cpus * part);
	s->of[i].floor = fmin(s->of[i].floor, cpus * part * QUOTA_PART);
}

/* Those whose loads nothing tells are promised nothing. */
bool shares_in_crowd(const struct contest *c, const struct contender *p)
{
	int32_t i;

	for (i = p->home; i >= 0; i = c->homes[i].parent)
		if (c->homes[i].crowd)
			return true;
	return c->root_crowd;
}

/* What those use that do not compete all the time. */
static void measure_others(struct shares *s)
{
	const struct contender *p;
	uint32_t i;

	for (i = 0; i < s->c->n; i++) {
		p = &s->c->c[i];
		if (p->act == ACT_REALTIME)
			s->realtime_ns = arith_add(s->realtime_ns, p->w->cpu_ns);
		else if (!shares_steady(p))
			s->roamed_ns = arith_add(s->roamed_ns, p->w->cpu_ns);
		s->crowd |= p->act == ACT_CROWD;
	}
}

bool shares_promise(struct shares *s, uint64_t wall_ns)
{
	const struct model *m = s->m;
	bool nice = promised(m, PROMISE_NICE), cgroups = promised(m, PROMISE_CGROUP_WEIGHT);
	struct way way;
	uint32_t i, n;

	measure_others(s);
	if ((double)s->realtime_ns > REALTIME_MAX * (double)wall_ns) {
		snprintf(s->c->why, sizeof(s->c->why),
			 "realtime workers may have taken most of a CPU");
		return false;
	}
	for (i = 0; i < s->c->n; i++)
		s->of[i] = (struct promise_of){ 1, 1 };
	for (n = 0; n < SHARES_WAYS; n++) {
		way = (struct way){ !(n & 1), !(n & 2) };
		if ((!way.cgroups && cgroups) || (!way.nice && nice))
			continue;
		if (s->crowd && !way.cgroups) {
			snprintf(
				s->c->why, sizeof(s->c->why),
				"how many tasks compete no record tells, and cgroups may not bound them");
			return false;
		}
		if (!make_kinds(s, &way)) {
			snprintf(s->c->why, sizeof(s->c->why),
				 "there are more than %d kinds of workers, by weight and CPUs",
				 ENTITLE_KINDS);
			return false;
		}
		promise_way(s, &way, wall_ns);
	}
	for (i = 0; i < s->c->n; i++)
		promise_quota(s, i);
	return true;
}

struct shares *shares_new(const struct model *m, struct contest *c)
{
	struct shares *s = calloc(1, sizeof(*s));
	uint32_t i;
	bool room;

	if (!s)
		return NULL;
	s->m = m;
	s->c = c;
	s->of = calloc(c->n + 1, sizeof(*s->of));
	s->load = calloc(c->n + 1, sizeof(*s->load));
	s->kind = calloc(c->n + 1, sizeof(*s->kind));
	room = s->of && s->load && s->kind;
	for (i = 0; i < SHARES_WAYS; i++) {
		s->part[i] = calloc(c->n + 1, sizeof(*s->part[i]));
		room &= s->part[i] != NULL;
	}
	if (room)
		return s;
	shares_free(s);
	return NULL;
}

void shares_free(struct shares *s)
{
	uint32_t i;

	if (!s)
		return;
	for (i = 0; i < SHARES_WAYS; i++)
		free(s->part[i]);
	free(s->of);
	free(s->load);
	free(s->kind);
	free(s);
}
