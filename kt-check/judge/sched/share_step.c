// SPDX-License-Identifier: GPL-2.0-only
/* What judges of shares have in common: whom they judge, and what the host may have done to whom.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge/check.h"
#include "share_step.h"

#define UNPAID 1.5 /* longest stretches: for those that are forgiven */

/* Yielders among themselves are alike; beside others they get what these leave. */
static bool all_of_one_work(const struct share_step *t, uint32_t i)
{
	const struct model *m = t->j->m;
	const char *work = m->groups[t->s->c->c[i].group].work;
	uint32_t k;

	for (k = 0; k < t->s->c->n; k++)
		if (!shares_steady(&t->s->c->c[k]) || !work ||
		    !m->groups[t->s->c->c[k].group].work ||
		    strcmp(m->groups[t->s->c->c[k].group].work, work) != 0)
			return false;
	return true;
}

bool share_is_judged(const struct share_step *t, uint32_t i)
{
	const struct contender *p = &t->s->c->c[i];
	const struct place *place = &t->j->m->places[t->j->m->groups[p->group].place];

	return shares_steady(p) && place->step == t->s->c->step && p->home >= 0 && p->w->wall_ns &&
	       worker_progressed(p->w) && !shares_in_crowd(t->s->c, p) &&
	       (p->act == ACT_SPINS || all_of_one_work(t, i));
}

const char *share_nice_words(const struct contender *p, char *buf, size_t size)
{
	buf[0] = '\0';
	if (p->nice)
		snprintf(buf, size, " (nice %lld)", (long long)p->nice);
	return buf;
}

double share_beside(const struct share_step *t, uint32_t i)
{
	unsigned int cpus = cpulist_count(shares_cpus(t->s, &t->s->c->c[i]));

	return (double)t->s->c->n / (cpus ? cpus : 1);
}

double share_unpaid_ns(const struct share_step *t, uint32_t i, double tasks, char host[HOST_WORDS])
{
	const struct contender *p = &t->s->c->c[i];
	const struct group *g = &t->j->m->groups[p->group];
	double all = (double)withheld_of(t->j, g, p->w, host);

	return fmin(all, UNPAID * tasks * (double)burst_of(t->j, g, p->w));
}
