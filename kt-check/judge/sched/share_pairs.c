// SPDX-License-Identifier: GPL-2.0-only
/* Of the check "share": one weight against another, in the mean of their workers. */
#include <math.h>
#include <stdio.h>

#include "share_pairs.h"

#define GROUPS_MAX 256  /* of a step, that are compared with each other */
#define ADVANTAGE  0.57 /* of two that get 4:3 at least */

/* Workers of one group as one. */
struct crew {
	uint32_t first, n; /* contenders */
	double got_ns;     /* of each, in the mean */
};

/* Those of a group that are judged and may use the same CPUs; where the next group begins. */
static uint32_t crew_of(const struct share_step *t, uint32_t first, struct crew *c)
{
	uint32_t i, group = t->s->c->c[first].group;

	*c = (struct crew){ .first = first };
	for (i = first; i < t->s->c->n && t->s->c->c[i].group == group; i++) {
		if (!share_is_judged(t, i) || contest_quota(t->s->c, t->s->c->c[i].home) ||
		    t->s->c->c[i].w->mask != t->s->c->c[first].w->mask)
			continue;
		if (!c->n++)
			c->first = i;
		c->got_ns += (double)t->s->c->c[i].w->cpu_ns;
	}
	c->got_ns /= c->n ? c->n : 1;
	return i;
}

/* Of what two of them get together, the part of the heavier one, at least: 0.5 to 1. */
static double advantage(const struct share_step *t, const struct crew *a, const struct crew *b)
{
	double least = 1, of_a;
	uint32_t i;

	for (i = 0; i < t->s->nways; i++) {
		of_a = t->s->part[i][a->first];
		least = fmin(least, of_a / (of_a + t->s->part[i][b->first]));
	}
	return least;
}

/*
 * Wherever whole tasks are placed, the heavier ones keep most of their advantage: they are
 * held to half of it. How far they are below that, as a part of what both get; or 0.
 */
static double loss(const struct share_step *t, const struct crew *a, const struct crew *b)
{
	double least = advantage(t, a, b);

	if (least < ADVANTAGE || t->s->c->c[a->first].w->mask != t->s->c->c[b->first].w->mask)
		return 0;
	return fmax(0, (0.5 + least) / 2 - a->got_ns / (a->got_ns + b->got_ns));
}

static void say_pair(struct share_step *t, const struct crew *a, const struct crew *b)
{
	double limit = (0.5 + advantage(t, a, b)) / 2, both = a->got_ns + b->got_ns, moved;
	const struct contender *p = &t->s->c->c[a->first], *q = &t->s->c->c[b->first];
	const struct model *m = t->j->m;
	struct finding f = finding_of("share", &m->groups[p->group]);
	char host[HOST_WORDS], heavy[24], light[24];

	/* what the others are ahead of all of them */
	moved = fmin(share_beside(t, a->first), (double)(t->s->c->n - a->n) / a->n);
	moved = share_unpaid_ns(t, a->first, moved, host) * t->s->of[a->first].share;
	f.observed = 100 * a->got_ns / both;
	f.limit = 100 * limit;
	f.unit = "%";
	judge_exceeded(t->j, &f, a->got_ns + moved < limit * both, host,
		       "%u workers%s got %.1f%% of a CPU each, and %u of %s%s %.1f%%: their "
		       "weights entitle them to %.1f%% and %.1f%%",
		       a->n, share_nice_words(p, heavy, sizeof(heavy)),
		       100 * a->got_ns / (double)p->w->wall_ns, b->n,
		       m->cgroups[m->places[m->groups[q->group].place].cgroup].name,
		       share_nice_words(q, light, sizeof(light)),
		       100 * b->got_ns / (double)q->w->wall_ns, 100 * t->s->part[0][a->first],
		       100 * t->s->part[0][b->first]);
}

void share_judge_pairs(struct share_step *t)
{
	struct crew c[GROUPS_MAX];
	uint32_t i, k, n = 0, worst = 0;
	double lost, most;

	for (i = 0; i < t->s->c->n && n < GROUPS_MAX;) {
		i = crew_of(t, i, &c[n]);
		n += c[n].n > 0;
	}
	for (i = 0; i < n; i++) {
		most = 0;
		for (k = 0; k < n; k++) {
			lost = k == i ? 0 : loss(t, &c[i], &c[k]);
			worst = lost > most ? k : worst;
			most = fmax(most, lost);
		}
		if (most > 0)
			say_pair(t, &c[i], &c[worst]);
	}
}
