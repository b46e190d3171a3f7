// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "share": workers that compete all the time get the CPU time that weights, nice
 * values, quotas and CPU masks entitle them to.
 *
 * What is promised to each is less than its even share: tasks are whole, and a balancer leaves
 * small differences alone (entitle.c). A worker that always wants a CPU gets at least its
 * part of the load on its CPU, whatever the others there do; so those that sleep at times
 * count as if they never did and were all on its CPU, or else as having used all their CPU
 * time there: both are bounds, and the higher one holds. Where a scheduler does not promise
 * to heed weights, the lower one of with and without holds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entitle/contest.h"
#include "entitle/entitle.h"
#include "judge/check.h"
#include "share.h"
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
#define QUOTA_PART   0.5  /* of a quota's even part: CPUs take it in slices */
#define UNPAID       1.5  /* for those that are forgiven */
#define GROUPS_MAX   256  /* of a step, that are compared with each other */
#define ADVANTAGE    0.57 /* of two that get 4:3 at least */
#define REALTIME_MAX 0.5

#define WAYS 4

/* Ways to divide CPU time, of which a scheduler promises one at least. */
struct way {
	bool cgroups, nice;
};

/* What is promised to a contender: parts of a CPU. */
struct promise_of {
	double share, floor;
};

struct shares {
	struct judge *j;
	struct contest *c;
	struct promise_of *of; /* of each contender, the lowest of all ways */
	double *load;          /* of each contender in one way */
	double *part[WAYS];    /* share of each contender in each way that may hold */
	uint32_t nways;
	struct entitle_kind kinds[ENTITLE_KINDS];
	uint32_t nkinds;
	uint32_t *kind; /* of each contender, or MODEL_NONE */
	uint64_t roamed_ns, realtime_ns;
	bool crowd;
	double tolerance;
	uint32_t judged;
};

static const struct cpulist *cpus_of(const struct shares *s, const struct contender *p)
{
	const struct model *m = s->j->m;

	return p->w->mask == MODEL_NONE ? &m->cpus : &m->masks[p->w->mask];
}

static bool steady(const struct contender *p)
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
	const struct cpulist *cpus = cpus_of(s, p);
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
		if (!steady(p))
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
		if (!steady(&c->c[i]) && c->c[i].act != ACT_REALTIME && c->c[i].act != ACT_CROWD)
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
static bool in_crowd(const struct contest *c, const struct contender *p)
{
	int32_t i;

	for (i = p->home; i >= 0; i = c->homes[i].parent)
		if (c->homes[i].crowd)
			return true;
	return c->root_crowd;
}

/* False, and the reason in the contest, when nothing is promised. */
static bool promise_all(struct shares *s, uint64_t wall_ns)
{
	const struct model *m = s->j->m;
	bool nice = promised(m, PROMISE_NICE), cgroups = promised(m, PROMISE_CGROUP_WEIGHT);
	struct way way;
	uint32_t i, n;

	for (i = 0; i < s->c->n; i++)
		s->of[i] = (struct promise_of){ 1, 1 };
	for (n = 0; n < WAYS; n++) {
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

/* ---- judging -------------------------------------------------------------------- */

/* Yielders among themselves are alike; beside others they get what these leave. */
static bool all_of_one_work(const struct shares *s, uint32_t i)
{
	const struct model *m = s->j->m;
	const char *work = m->groups[s->c->c[i].group].work;
	uint32_t k;

	for (k = 0; k < s->c->n; k++)
		if (!steady(&s->c->c[k]) || !work || !m->groups[s->c->c[k].group].work ||
		    strcmp(m->groups[s->c->c[k].group].work, work) != 0)
			return false;
	return true;
}

static bool is_judged(const struct shares *s, uint32_t i)
{
	const struct contender *p = &s->c->c[i];
	const struct place *place = &s->j->m->places[s->j->m->groups[p->group].place];

	return steady(p) && place->step == s->c->step && p->home >= 0 && p->w->wall_ns &&
	       worker_progressed(p->w) && !in_crowd(s->c, p) &&
	       (p->act == ACT_SPINS || all_of_one_work(s, i));
}

static double got_of(const struct contender *p)
{
	return (double)p->w->cpu_ns / (double)p->w->wall_ns;
}

/* " (nice -3)", or nothing */
static const char *nice_words(const struct contender *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (p->nice)
		snprintf(buf, size, " (nice %lld)", (long long)p->nice);
	return buf;
}

/* The least that a worker, or with `few` one of many, has to get of `ns` in which its CPU ran. */
static double due_ns(const struct shares *s, uint32_t i, double ns, bool one)
{
	const struct worker *w = s->c->c[i].w;
	double turn = w->timeslices ? (double)w->cpu_ns / (double)w->timeslices : TURN_MAX_NS;
	double part = s->tolerance;

	if (one && s->of[i].floor < FEW_TURNS)
		part = fmin(part, TOLERANCE_FEW);
	ns = fmax(0, ns - SETTLE_NS - (double)s->realtime_ns);
	return fmax(0, s->of[i].floor * part * ns - 2 * fmin(turn, TURN_MAX_NS));
}

/* Tasks on each CPU of a contender. */
static double beside(const struct shares *s, uint32_t i)
{
	unsigned int cpus = cpulist_count(cpus_of(s, &s->c->c[i]));

	return (double)s->c->n / (cpus ? cpus : 1);
}

/*
 * Of what the host withheld from a CPU, the part that may have changed who got it. A guest
 * charges such a stretch to the task that was on the CPU, which then does not run before the
 * others have caught up: none is ahead by more than a longest stretch, but each may be, and
 * now and then a task that is ahead is moved and forgiven. So many tasks are ahead of it.
 */
static double unpaid_ns(const struct shares *s, uint32_t i, double tasks, char host[HOST_WORDS])
{
	const struct contender *p = &s->c->c[i];
	const struct group *g = &s->j->m->groups[p->group];
	double all = (double)withheld_of(s->j, g, p->w, host);

	return fmin(all, UNPAID * tasks * (double)burst_of(s->j, g, p->w));
}

/* Says what a worker got too little; false when it got enough. */
static bool judge_worker(struct shares *s, uint32_t i)
{
	const struct contender *p = &s->c->c[i];
	struct finding f = finding_of("share", &s->j->m->groups[p->group]);
	double wall = (double)p->w->wall_ns, got = (double)p->w->cpu_ns;
	char host[HOST_WORDS], nice[24];
	double unpaid;

	if (got >= due_ns(s, i, wall, true))
		return false;
	unpaid = unpaid_ns(s, i, beside(s, i), host);
	f.worker = p->w;
	f.observed = 100 * got_of(p);
	f.limit = 100 * due_ns(s, i, wall, true) / wall;
	f.unit = "%";
	judge_exceeded(s->j, &f, got < due_ns(s, i, wall - unpaid, true), host,
		       "worker %lld%s got %.1f%% of a CPU, its weight entitles it to %.1f%% "
		       "(%.1f%% at least, wherever the %u that compete are placed)",
		       (long long)p->w->tid, nice_words(p, nice, sizeof(nice)), f.observed,
		       100 * s->of[i].share, f.limit, s->c->n);
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
static bool judge_half(struct shares *s, uint32_t first, uint32_t n)
{
	const struct contender **all = calloc(n, sizeof(struct contender *));
	struct finding f = finding_of("share", &s->j->m->groups[s->c->c[first].group]);
	double got = 0, due = 0, still = 0, wall = 0;
	char host[HOST_WORDS] = "";
	uint32_t i, k, half;

	for (i = first, k = 0; all && k < n; i++)
		if (is_judged(s, i))
			all[k++] = &s->c->c[i];
	if (all)
		qsort(all, n, sizeof(all[0]), by_got);
	for (half = 0; all && half < n / 2; half++) {
		i = (uint32_t)(all[half] - s->c->c);
		got += (double)all[half]->w->cpu_ns;
		wall += (double)all[half]->w->wall_ns;
		due += due_ns(s, i, (double)all[half]->w->wall_ns, false);
		still += due_ns(s, i,
				(double)all[half]->w->wall_ns - unpaid_ns(s, i, beside(s, i), host),
				false);
	}
	free(all);
	if (got >= due)
		return false;
	f.observed = 100 * got / wall;
	f.limit = 100 * due / wall;
	f.unit = "%";
	judge_exceeded(s->j, &f, got < still, host,
		       "%u of %u workers got %.1f%% of a CPU in the mean, their weight entitles "
		       "them to %.1f%% (%.1f%% at least, wherever the %u that compete are placed)",
		       half, n, f.observed, 100 * s->of[first].share, f.limit, s->c->n);
	return true;
}

/* Of one group, from contender `first` on, which it has in a row; where the next begins. */
static uint32_t judge_group(struct shares *s, uint32_t first)
{
	uint32_t i, group = s->c->c[first].group, n = 0, worst = first;
	struct finding f = finding_of("share", &s->j->m->groups[group]);
	bool bad = false;

	for (i = first; i < s->c->n && s->c->c[i].group == group; i++) {
		if (!is_judged(s, i))
			continue;
		bad |= judge_worker(s, i);
		if (!n++ || got_of(&s->c->c[i]) < got_of(&s->c->c[worst]))
			worst = i;
	}
	s->judged += n;
	if (!bad && n >= MANY && s->of[worst].floor < FEW_TURNS)
		bad = judge_half(s, first, n);
	if (!n || bad)
		return i;
	f.observed = 100 * got_of(&s->c->c[worst]);
	f.limit = 100 * due_ns(s, worst, (double)s->c->c[worst].w->wall_ns, true) /
		  (double)s->c->c[worst].w->wall_ns;
	f.unit = "%";
	judge_say(s->j, V_PASS, &f,
		  "each of %u workers got %.1f%% of a CPU or more, %.1f%% at least is promised", n,
		  f.observed, f.limit);
	return i;
}

static void measure_others(struct shares *s)
{
	const struct contender *p;
	uint32_t i;

	for (i = 0; i < s->c->n; i++) {
		p = &s->c->c[i];
		if (p->act == ACT_REALTIME)
			s->realtime_ns = arith_add(s->realtime_ns, p->w->cpu_ns);
		else if (!steady(p))
			s->roamed_ns = arith_add(s->roamed_ns, p->w->cpu_ns);
		s->crowd |= p->act == ACT_CROWD;
	}
}

/* ---- one weight against another --------------------------------------------------- */

/* Workers of one group as one. */
struct crew {
	uint32_t first, n; /* contenders */
	double got_ns;     /* of each, in the mean */
};

/* Those of a group that are judged and may use the same CPUs; where the next group begins. */
static uint32_t crew_of(const struct shares *s, uint32_t first, struct crew *c)
{
	uint32_t i, group = s->c->c[first].group;

	*c = (struct crew){ .first = first };
	for (i = first; i < s->c->n && s->c->c[i].group == group; i++) {
		if (!is_judged(s, i) || contest_quota(s->c, s->c->c[i].home) ||
		    s->c->c[i].w->mask != s->c->c[first].w->mask)
			continue;
		if (!c->n++)
			c->first = i;
		c->got_ns += (double)s->c->c[i].w->cpu_ns;
	}
	c->got_ns /= c->n ? c->n : 1;
	return i;
}

/* Of what two of them get together, the part of the heavier one, at least: 0.5 to 1. */
static double advantage(const struct shares *s, const struct crew *a, const struct crew *b)
{
	double least = 1, of_a;
	uint32_t i;

	for (i = 0; i < s->nways; i++) {
		of_a = s->part[i][a->first];
		least = fmin(least, of_a / (of_a + s->part[i][b->first]));
	}
	return least;
}

/*
 * Wherever whole tasks are placed, the heavier ones keep most of their advantage: they are
 * held to half of it. How far they are below that, as a part of what both get; or 0.
 */
static double loss(const struct shares *s, const struct crew *a, const struct crew *b)
{
	double least = advantage(s, a, b);

	if (least < ADVANTAGE || s->c->c[a->first].w->mask != s->c->c[b->first].w->mask)
		return 0;
	return fmax(0, (0.5 + least) / 2 - a->got_ns / (a->got_ns + b->got_ns));
}

static void say_pair(struct shares *s, const struct crew *a, const struct crew *b)
{
	double limit = (0.5 + advantage(s, a, b)) / 2, both = a->got_ns + b->got_ns, moved;
	const struct contender *p = &s->c->c[a->first], *q = &s->c->c[b->first];
	const struct model *m = s->j->m;
	struct finding f = finding_of("share", &m->groups[p->group]);
	char host[HOST_WORDS], heavy[24], light[24];

	/* what the others are ahead of all of them */
	moved = fmin(beside(s, a->first), (double)(s->c->n - a->n) / a->n);
	moved = unpaid_ns(s, a->first, moved, host) * s->of[a->first].share;
	f.observed = 100 * a->got_ns / both;
	f.limit = 100 * limit;
	f.unit = "%";
	judge_exceeded(s->j, &f, a->got_ns + moved < limit * both, host,
		       "%u workers%s got %.1f%% of a CPU each, and %u of %s%s %.1f%%: their "
		       "weights entitle them to %.1f%% and %.1f%%",
		       a->n, nice_words(p, heavy, sizeof(heavy)),
		       100 * a->got_ns / (double)p->w->wall_ns, b->n,
		       m->cgroups[m->places[m->groups[q->group].place].cgroup].name,
		       nice_words(q, light, sizeof(light)), 100 * b->got_ns / (double)q->w->wall_ns,
		       100 * s->part[0][a->first], 100 * s->part[0][b->first]);
}

/* Each group against the lighter one beside which it has lost most. */
static void judge_pairs(struct shares *s)
{
	struct crew c[GROUPS_MAX];
	uint32_t i, k, n = 0, worst = 0;
	double lost, most;

	for (i = 0; i < s->c->n && n < GROUPS_MAX;) {
		i = crew_of(s, i, &c[n]);
		n += c[n].n > 0;
	}
	for (i = 0; i < n; i++) {
		most = 0;
		for (k = 0; k < n; k++) {
			lost = k == i ? 0 : loss(s, &c[i], &c[k]);
			worst = lost > most ? k : worst;
			most = fmax(most, lost);
		}
		if (most > 0)
			say_pair(s, &c[i], &c[worst]);
	}
}

/* How long workers of the step ran, the shortest; 0 when there are none. */
static uint64_t held(const struct shares *s)
{
	uint64_t least = 0, ns;
	uint32_t i;

	for (i = 0; i < s->c->n; i++) {
		ns = s->c->c[i].w->wall_ns;
		if (is_judged(s, i) && (!least || ns < least))
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

static const char *judge_contest(struct shares *s)
{
	uint64_t wall = held(s);
	uint32_t i;

	if (s->c->why[0])
		return s->c->why;
	if (!wall)
		return "none of its workers competes all the time, so no share is promised";
	if (wall < HELD_MIN_NS)
		return "it was held for less than 2 s";
	measure_others(s);
	s->tolerance = promised(s->j->m, PROMISE_CGROUP_WEIGHT) && several_homes(s->c)
			       ? TOLERANCE_GROUPS
			       : TOLERANCE;
	if ((double)s->realtime_ns > REALTIME_MAX * (double)wall)
		return "realtime workers may have taken most of a CPU";
	if (!promise_all(s, wall))
		return s->c->why;
	for (i = 0; i < s->c->n;)
		i = judge_group(s, i);
	judge_pairs(s);
	return NULL;
}

static void judge_step(struct judge *j, int64_t step)
{
	struct shares s = { .j = j, .c = contest_of(j->m, step) };
	uint32_t n = s.c ? s.c->n : 0;
	const char *why = "there is not enough memory";
	bool room = s.c;
	uint32_t i;

	for (i = 0; i < WAYS; i++) {
		s.part[i] = calloc(n + 1, sizeof(*s.part[i]));
		room &= s.part[i] != NULL;
	}
	s.of = calloc(n + 1, sizeof(*s.of));
	s.load = calloc(n + 1, sizeof(*s.load));
	s.kind = calloc(n + 1, sizeof(*s.kind));
	if (room && s.of && s.load && s.kind)
		why = judge_contest(&s);
	if (why)
		say_skip(j, step, why);
	for (i = 0; i < WAYS; i++)
		free(s.part[i]);
	free(s.of);
	free(s.load);
	free(s.kind);
	contest_free(s.c);
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

	if (j->m->limits.v[LIM_SHARE] == LIMIT_OFF || !j->m->nworkers || j->not_judged)
		return;
	for (; !why && contest_next(j->m, &step); any = true)
		judge_step(j, step);
	if (!why && !any)
		why = "workers that live through several steps have no share of any of them";
	if (why)
		judge_say(j, V_SKIP, &f, "not judged: %s", why);
}
