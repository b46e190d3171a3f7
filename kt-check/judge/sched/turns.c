// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of steps in which little is left to the scheduler's judgement:
 *
 * "timeslice": where all workers only compute, they are not switched all the time. Nobody
 * wakes up who would have to go first; a turn ends because others are to have theirs, and that
 * is seen when a tick comes, of which no kernel has more than one in a millisecond.
 *
 * "migration": where they are no more than the CPUs that each may use, each has one for itself,
 * and is left there. What kernel threads and the balancing of load move is far less.
 *
 * "yield": where a CPU is busy only with workers that yield all the time, who wakes up there need
 * not wait for the end of a slice.
 */
#include <math.h>
#include <stdio.h>

#include "entitle/contest.h"
#include "judge/check.h"
#include "judge/words.h"
#include "turns.h"
#include "units.h"

#define SLICE_NS      (500.0 * NSEC_PER_USEC)
#define MOVES_PER_S   10.0
#define YIELD_NS      (10.0 * NSEC_PER_MSEC) /* half of what sched_ext gives by default */
#define WALL_LEAST    NSEC_PER_SEC
#define SLEEPERS_PART 0.5 /* of what it is entitled to: who takes more may have to wait for it */
#define WAKES_LEAST   100

struct turns {
	struct judge *j;
	struct contest *c;
	int64_t step;
	struct cpulist cpus; /* that the workers may use */
	bool alike;          /* all may use the same CPUs, have the same weight and no quota */
	uint32_t spinners, yielders, sleepers, others;
	uint64_t run_ns, timeslices, migrations, wall_ns;
	uint32_t homes; /* cgroups with workers, none of them within another */
};

/* Has it the same right to the same CPUs as the first one, in a cgroup of the same weight? */
static bool is_like(const struct turns *t, const struct contender *k)
{
	const struct contender *first = &t->c->c[0];

	if (k->home < 0 || first->home < 0 || k->nice || contest_quota(t->c, k->home))
		return false;
	return k->w->mask == first->w->mask && t->c->homes[k->home].parent < 0 &&
	       t->c->homes[k->home].weight == t->c->homes[first->home].weight;
}

/* Sums up who there is; false: no record tells all that must be known. */
static bool add_up(struct turns *t)
{
	const struct model *m = t->j->m;
	const struct contender *k;
	uint32_t i;

	cpulist_clear(&t->cpus);
	t->alike = true;
	for (i = 0; i < t->c->n; i++) {
		k = &t->c->c[i];
		t->spinners += k->act == ACT_SPINS;
		t->yielders += k->act == ACT_YIELDS;
		t->sleepers += k->act == ACT_SLEEPS;
		/* who lives through other steps, too, brings what it did there */
		t->others +=
			k->act > ACT_SLEEPS || m->places[m->groups[k->group].place].step != t->step;
		t->run_ns += k->w->cpu_ns;
		t->timeslices += k->w->timeslices;
		t->migrations += k->w->migrations;
		t->wall_ns = k->w->wall_ns > t->wall_ns ? k->w->wall_ns : t->wall_ns;
		t->alike &= is_like(t, k);
		cpulist_or(&t->cpus, k->w->mask == MODEL_NONE ? &m->cpus : &m->masks[k->w->mask]);
	}
	for (i = 0; i < t->c->nhomes; i++)
		t->homes += t->c->homes[i].workers && t->c->homes[i].parent < 0;
	return t->c->n && !t->c->why[0] && !t->others && t->wall_ns >= WALL_LEAST;
}

/* ---- timeslice ------------------------------------------------------------------ */

static bool has_quota(const struct turns *t)
{
	uint32_t i;

	for (i = 0; i < t->c->n; i++)
		if (contest_quota(t->c, t->c->c[i].home))
			return true;
	return false;
}

static void judge_timeslice(struct turns *t)
{
	struct finding f = finding_of("timeslice", NULL);
	char turn[ARITH_TIME], least[ARITH_TIME];

	/* the end of a quota, too, is the end of a turn */
	if (t->j->m->limits.v[LIMIT_TIMESLICE] == LIMIT_OFF || !t->timeslices || t->yielders ||
	    t->sleepers || has_quota(t))
		return;
	f.observed = (double)t->run_ns / (double)t->timeslices;
	f.limit = SLICE_NS;
	f.unit = "ns";
	arith_time(f.observed, turn);
	arith_time(SLICE_NS, least);
	if (f.observed >= SLICE_NS)
		judge_say(t->j, V_PASS, &f, "workers that only compute ran for %s at a time%s",
			  turn, step_words(t->j->m, t->step).s);
	else
		judge_say(
			t->j, V_FAIL, &f,
			"workers that only compute were switched after %s on average%s, where %s is "
			"the least that is sound",
			turn, step_words(t->j->m, t->step).s, least);
}

/* ---- migration ------------------------------------------------------------------ */

/* Each has a CPU for itself: all may use the same ones, and these are enough. */
static bool is_roomy(const struct turns *t)
{
	const struct contender *k = t->c->c;
	uint32_t i;

	for (i = 0; i < t->c->n; i++)
		if (k[i].w->mask != k[0].w->mask)
			return false;
	return !has_quota(t) && t->spinners == t->c->n &&
	       t->spinners <= (uint32_t)cpulist_count(&t->cpus);
}

static void judge_migration(struct turns *t)
{
	struct finding f = finding_of("migration", NULL);
	double seconds = (double)t->wall_ns / NSEC_PER_SEC;

	if (t->j->m->limits.v[LIMIT_MIGRATION] == LIMIT_OFF || !is_roomy(t))
		return;
	f.observed = (double)t->migrations / seconds / t->spinners;
	f.limit = MOVES_PER_S;
	f.unit = "/s";
	if (f.observed <= MOVES_PER_S)
		judge_say(t->j, V_PASS, &f,
			  "workers that could have a CPU each moved %.1f times a second%s",
			  f.observed, step_words(t->j->m, t->step).s);
	else
		judge_say(
			t->j, V_FAIL, &f,
			"workers that could have a CPU each moved %.1f times a second%s, more than "
			"%.0f",
			f.observed, step_words(t->j->m, t->step).s, MOVES_PER_S);
}

/* ---- yield ---------------------------------------------------------------------- */

static void judge_sleeper(struct turns *t, const struct contender *k)
{
	struct finding f = finding_of("yield", &t->j->m->groups[k->group]);
	char late[ARITH_TIME], limit[ARITH_TIME];
	struct excuse host;
	bool still;

	f.worker = k->w;
	f.observed = (double)k->w->latency.p99_ns;
	f.limit = YIELD_NS;
	f.unit = "ns";
	arith_times(f.observed, YIELD_NS, late, limit);
	still = outliers_stand(t->j, &t->j->m->groups[k->group], k->w, &k->w->late,
			       k->w->latency.count, YIELD_NS, &host);
	judge_exceeded(
		t->j, &f, still, host.words,
		"worker %lld had to wait %s after wake-ups (p99 of %llu), more than %s, though "
		"all that ran beside it yield all the time",
		(long long)k->w->tid, late, (unsigned long long)k->w->latency.count, limit);
}

/* It uses much less than its cgroup's part, of which it has its own. */
static bool is_modest(const struct turns *t, const struct contender *k)
{
	double share = (double)cpulist_count(&t->cpus) / t->homes / t->c->homes[k->home].workers;

	return (double)k->w->cpu_ns <= SLEEPERS_PART * fmin(share, 1) * (double)t->wall_ns;
}

static void judge_yield(struct turns *t)
{
	struct finding f = finding_of("yield", NULL);
	const struct contender *k;
	char late[ARITH_TIME];
	bool bad = false;
	uint32_t i;

	if (t->j->m->limits.v[LIMIT_YIELD] == LIMIT_OFF || t->spinners || !t->yielders ||
	    !t->sleepers || !t->alike)
		return;
	if (!promised(t->j->m, PROMISE_YIELD)) {
		judge_say(t->j, V_SKIP, &f, "the scheduler does not promise to heed yields");
		return;
	}
	f.observed = 0;
	f.limit = YIELD_NS;
	f.unit = "ns";
	for (i = 0; i < t->c->n; i++) {
		k = &t->c->c[i];
		if (k->w->latency.of != LATENCY_WAKE || k->w->latency.count < WAKES_LEAST ||
		    !is_modest(t, k))
			continue;
		if ((double)k->w->latency.p99_ns > YIELD_NS)
			judge_sleeper(t, k);
		bad |= (double)k->w->latency.p99_ns > YIELD_NS;
		f.observed = fmax(f.observed, (double)k->w->latency.p99_ns);
	}
	if (!bad && f.observed > 0)
		judge_say(t->j, V_PASS, &f,
			  "who woke up beside workers that yield ran after %s (the worst p99)%s",
			  arith_time(f.observed, late), step_words(t->j->m, t->step).s);
}

/* ---- steps ----------------------------------------------------------------------- */

static void judge_step(struct judge *j, int64_t step)
{
	struct turns t = { .j = j, .c = contest_of(j->m, step), .step = step };

	if (t.c && add_up(&t)) {
		judge_timeslice(&t);
		judge_migration(&t);
		judge_yield(&t);
	}
	contest_free(t.c);
}

void judge_turns(struct judge *j)
{
	int64_t step = MODEL_BACKDROP;

	if (j->m->on_host || j->not_judged || !j->m->nnodes)
		return;
	while (contest_next(j->m, &step))
		judge_step(j, step);
}
