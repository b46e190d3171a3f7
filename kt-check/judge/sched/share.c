// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "share": workers that compete all the time get the CPU time that weights, nice
 * values, quotas and CPU masks entitle them to, by entitle/shares.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/check.h"
#include "share.h"
#include "share_pairs.h"
#include "share_step.h"
#include "units.h"

#define HELD_MIN_NS   (2 * NSEC_PER_SEC)    /* shorter holds are not judged: balancers take time */
#define SETTLE_NS     (200 * NSEC_PER_MSEC) /* until tasks are where they belong */
#define TURN_MAX_NS   (20 * NSEC_PER_MSEC)  /* one turn more or less is nothing, up to this */
#define TOLERANCE     0.85                  /* of what is promised */
#define FEW_TURNS     0.1                   /* who has less has few turns on a CPU: */
#define TOLERANCE_FEW 0.4 /* one alone is held to this, but half of them to the other */
#define MANY          8   /* workers, of which half are compared with what is due */
#define TOLERANCE_GROUPS \
	0.6 /* of weights of cgroups that are on several CPUs, which kernels estimate */

static double got_of(const struct contender *p)
{
	return (double)p->w->cpu_ns / (double)p->w->wall_ns;
}

/* The least that a worker, or with `few` one of many, has to get of `ns` in which its CPU ran. */
static double due_ns(const struct share_step *t, uint32_t i, double ns, bool one)
{
	const struct worker *w = t->s->c->c[i].w;
	double turn = w->timeslices ? (double)w->cpu_ns / (double)w->timeslices : TURN_MAX_NS;
	double part = t->tolerance;

	if (one && t->s->of[i].floor < FEW_TURNS)
		part = fmin(part, TOLERANCE_FEW);
	ns = fmax(0, ns - SETTLE_NS - (double)t->s->realtime_ns);
	return fmax(0, t->s->of[i].floor * part * ns - 2 * fmin(turn, TURN_MAX_NS));
}

/* Says what a worker got too little; false when it got enough. */
static bool judge_worker(struct share_step *t, uint32_t i)
{
	const struct contender *p = &t->s->c->c[i];
	struct finding f = finding_of("share", &t->j->m->groups[p->group]);
	double wall = (double)p->w->wall_ns, got = (double)p->w->cpu_ns;
	char host[HOST_WORDS], nice[24];
	double unpaid;

	if (got >= due_ns(t, i, wall, true))
		return false;
	unpaid = share_unpaid_ns(t, i, share_beside(t, i), host);
	f.worker = p->w;
	f.observed = 100 * got_of(p);
	f.limit = 100 * due_ns(t, i, wall, true) / wall;
	f.unit = "%";
	judge_exceeded(t->j, &f, got < due_ns(t, i, wall - unpaid, true), host,
		       "worker %lld%s got %.1f%% of a CPU, its weight entitles it to %.1f%% "
		       "(%.1f%% at least, wherever the %u that compete are placed)",
		       (long long)p->w->tid, share_nice_words(p, nice, sizeof(nice)), f.observed,
		       100 * t->s->of[i].share, f.limit, t->s->c->n);
	return true;
}

static int by_got(const void *a, const void *b)
{
	const struct contender *const *p = a, *const *q = b;
	double x = got_of(*p), y = got_of(*q);

	return (x > y) - (x < y);
}

/*
 * Of many workers, each of which has few turns: the half that got the least, in the mean. True
 * when that is too little.
 */
static bool judge_half(struct share_step *t, uint32_t first, uint32_t n)
{
	const struct contender **all = calloc(n, sizeof(struct contender *));
	struct finding f = finding_of("share", &t->j->m->groups[t->s->c->c[first].group]);
	double got = 0, due = 0, still = 0, wall = 0;
	char host[HOST_WORDS] = "";
	uint32_t i, k, half;

	for (i = first, k = 0; all && k < n; i++)
		if (share_is_judged(t, i))
			all[k++] = &t->s->c->c[i];
	if (all)
		qsort(all, n, sizeof(all[0]), by_got);
	for (half = 0; all && half < n / 2; half++) {
		i = (uint32_t)(all[half] - t->s->c->c);
		got += (double)all[half]->w->cpu_ns;
		wall += (double)all[half]->w->wall_ns;
		due += due_ns(t, i, (double)all[half]->w->wall_ns, false);
		still += due_ns(t, i,
				(double)all[half]->w->wall_ns -
					share_unpaid_ns(t, i, share_beside(t, i), host),
				false);
	}
	free(all);
	if (got >= due)
		return false;
	f.observed = 100 * got / wall;
	f.limit = 100 * due / wall;
	f.unit = "%";
	judge_exceeded(t->j, &f, got < still, host,
		       "%u of %u workers got %.1f%% of a CPU in the mean, their weight entitles "
		       "them to %.1f%% (%.1f%% at least, wherever the %u that compete are placed)",
		       half, n, f.observed, 100 * t->s->of[first].share, f.limit, t->s->c->n);
	return true;
}

/* Of one group, from contender `first` on, which it has in a row; where the next begins. */
static uint32_t judge_group(struct share_step *t, uint32_t first)
{
	uint32_t i, group = t->s->c->c[first].group, n = 0, worst = first;
	struct finding f = finding_of("share", &t->j->m->groups[group]);
	bool bad = false;

	for (i = first; i < t->s->c->n && t->s->c->c[i].group == group; i++) {
		if (!share_is_judged(t, i))
			continue;
		bad |= judge_worker(t, i);
		if (!n++ || got_of(&t->s->c->c[i]) < got_of(&t->s->c->c[worst]))
			worst = i;
	}
	if (!bad && n >= MANY && t->s->of[worst].floor < FEW_TURNS)
		bad = judge_half(t, first, n);
	if (!n || bad)
		return i;
	f.observed = 100 * got_of(&t->s->c->c[worst]);
	f.limit = 100 * due_ns(t, worst, (double)t->s->c->c[worst].w->wall_ns, true) /
		  (double)t->s->c->c[worst].w->wall_ns;
	f.unit = "%";
	judge_say(t->j, V_PASS, &f,
		  "each of %u workers got %.1f%% of a CPU or more, %.1f%% at least is promised", n,
		  f.observed, f.limit);
	return i;
}

/* How long workers of the step ran, the shortest; 0 when there are none. */
static uint64_t held(const struct share_step *t)
{
	uint64_t least = 0, ns;
	uint32_t i;

	for (i = 0; i < t->s->c->n; i++) {
		ns = t->s->c->c[i].w->wall_ns;
		if (share_is_judged(t, i) && (!least || ns < least))
			least = ns;
	}
	return least;
}

static void say_skip(struct judge *j, int64_t step, const char *why)
{
	struct finding f = finding_of("share", NULL);

	judge_say(j, V_SKIP, &f, "step %lld is not judged: %s", (long long)step, why);
}

static bool several_homes(const struct contest *c)
{
	uint32_t i;

	for (i = 1; i < c->n; i++)
		if (c->c[i].home != c->c[0].home)
			return true;
	return false;
}

static const char *judge_contest(struct share_step *t)
{
	struct contest *c = t->s->c;
	uint64_t wall = held(t);
	uint32_t i;

	if (c->why[0])
		return c->why;
	if (!wall)
		return "none of its workers competes all the time, so no share is promised";
	if (wall < HELD_MIN_NS)
		return "it was held for less than 2 s";
	t->tolerance = promised(t->j->m, PROMISE_CGROUP_WEIGHT) && several_homes(c)
			       ? TOLERANCE_GROUPS
			       : TOLERANCE;
	if (!shares_promise(t->s, wall))
		return c->why;
	for (i = 0; i < c->n;)
		i = judge_group(t, i);
	share_judge_pairs(t);
	return NULL;
}

static void judge_step(struct judge *j, int64_t step)
{
	struct contest *c = contest_of(j->m, step);
	struct share_step t = { .j = j, .s = c ? shares_new(j->m, c) : NULL };
	const char *why = t.s ? judge_contest(&t) : "there is not enough memory";

	if (why)
		say_skip(j, step, why);
	shares_free(t.s);
	contest_free(c);
}

/* Why no step can be judged, or NULL. */
static const char *unknown(const struct judge *j)
{
	if (j->m->on_host)
		return "what else this machine runs no record tells";
	if (!j->m->nnodes)
		return "no record says which CPUs there are";
	return NULL;
}

void judge_share(struct judge *j)
{
	struct finding f = finding_of("share", NULL);
	const char *why = unknown(j);
	int64_t step = MODEL_BACKDROP;
	bool any = false;

	if (j->m->limits.v[LIMIT_SHARE] == LIMIT_OFF || !j->m->nworkers || j->not_judged)
		return;
	for (; !why && contest_next(j->m, &step); any = true)
		judge_step(j, step);
	if (!why && !any)
		why = "workers that live through several steps have no share of any of them";
	if (why)
		judge_say(j, V_SKIP, &f, "not judged: %s", why);
}
