// SPDX-License-Identifier: GPL-2.0-only
/* What checks of workers share: their limits, their time, and what the host may have done to them.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "model/group.h"
#include "units.h"

bool check_is_judged(struct judge *j, enum limit id, const struct finding *f)
{
	if (j->m->limits.v[id] == LIMIT_OFF)
		return false;
	if (j->not_judged)
		judge_say(j, V_SKIP, f, "not judged: %s", j->not_judged);
	return !j->not_judged;
}

double limit_of(const struct judge *j, const struct check *c, const struct group *g)
{
	const struct model *m = j->m;

	if (g && g->own && g->own->v[c->id] != LIMIT_UNSET)
		return g->own->v[c->id];
	if (g && g->own && c->id == LIMIT_PROGRESS && g->own->v[LIMIT_NOT_STUCK] != LIMIT_UNSET)
		return g->own->v[LIMIT_NOT_STUCK];
	if (g && strcmp(m->cgroups[m->places[g->place].cgroup].name, MODEL_ROOT) == 0 &&
	    c->id != LIMIT_PROGRESS)
		return LIMIT_OFF;
	if (c->id == LIMIT_PROGRESS && m->limits.v[LIMIT_NOT_STUCK] != LIMIT_OFF)
		return 1;
	return m->limits.v[c->id];
}

const struct worker *worker_next(const struct judge *j, const struct group *g,
				 const struct worker *w)
{
	uint32_t i = w ? w->next : g->first;

	return i == MODEL_NONE ? NULL : &j->m->workers[i];
}

static bool progress_judged(const struct judge *j, const struct group *g)
{
	static const struct check c = { .id = LIMIT_PROGRESS };

	return limit_of(j, &c, g) != LIMIT_OFF;
}

bool worker_progressed(const struct worker *w)
{
	return w->work_units && w->exit != WORKER_KILLED;
}

const struct worker *worker_counts(const struct judge *j, const struct group *g,
				   const struct worker *w)
{
	bool all = !progress_judged(j, g);

	w = worker_next(j, g, w);
	while (w && !all && !worker_progressed(w))
		w = worker_next(j, g, w);
	return w;
}

struct finding finding_with(const struct judge *j, const struct check *c, const struct group *g,
			    const struct worker *w, double observed)
{
	struct finding f = finding_of(c->name, g);

	f.worker = w;
	f.observed = observed;
	f.limit = limit_of(j, c, g);
	f.unit = c->unit;
	return f;
}

int finding_digits(double observed, double limit, int d)
{
	while (d < 6 && observed != limit && fabs(observed - limit) < pow(10, -d))
		d++;
	return d;
}

/* Where in the test a worker's outlier lies is not known: its start is, to about that. */
#define START_UNKNOWN_NS (500 * NSEC_PER_MSEC)

void excuse_of(const struct judge *j, const struct group *g, const struct worker *w,
	       const struct outlier *o, double limit_ns, struct excuse *x)
{
	const struct model *m = j->m;
	bool placed = w->start_ns >= 0;
	int64_t to =
		host_time(m, (placed ? w->start_ns : (int64_t)m->begin_ns) + (int64_t)o->at_ns);
	int64_t from = to - (int64_t)o->ns, slack = placed ? HOST_SLACK_NS : START_UNKNOWN_NS, cpu;
	struct cpulist allowed;
	struct errbuf why;
	bool have = g->cpuset && cpulist_parse(g->cpuset, &allowed, &why) == 0;
	uint64_t host = host_most(m, have ? &allowed : NULL, from - slack, to + slack, &cpu);

	x->still = (double)o->ns - (double)host > limit_ns || cpu < 0;
	host_words(m, cpu, from - slack, to + slack, x->words);
}

void worker_time(const struct judge *j, const struct group *g, const struct worker *w,
		 int64_t *from, int64_t *to)
{
	const struct window *held = window_find(j->m, j->m->places[g->place].step);

	*from = w->start_ns;
	if (*from < 0)
		*from = held && held->from >= 0 ? held->from : (int64_t)j->m->begin_ns;
	*from = host_time(j->m, *from);
	*to = w->wall_ns > INT64_MAX / 2 ? INT64_MAX / 2 : *from + (int64_t)w->wall_ns;
}

static uint64_t withheld(const struct judge *j, uint32_t mask, int64_t from, int64_t to,
			 char words[HOST_WORDS])
{
	const struct model *m = j->m;
	int64_t cpu;
	uint64_t ns = host_most(m, mask == MODEL_NONE ? NULL : &m->masks[mask], from, to, &cpu);

	host_words(m, cpu, from, to, words);
	return ns;
}

uint64_t withheld_of(const struct judge *j, const struct group *g, const struct worker *w,
		     char words[HOST_WORDS])
{
	int64_t from, to;

	worker_time(j, g, w, &from, &to);
	return withheld(j, w->mask, from, to, words);
}

#define BURST_PARTS 8
uint64_t burst_of(const struct judge *j, const struct group *g, const struct worker *w)
{
	const struct model *m = j->m;
	int64_t from, to, part;
	uint64_t sum = 0;
	int i;

	worker_time(j, g, w, &from, &to);
	part = (to - from) / BURST_PARTS;
	for (i = 0; i < BURST_PARTS; i++)
		sum += host_burst(m, w->mask == MODEL_NONE ? NULL : &m->masks[w->mask],
				  from + i * part, from + (i + 1) * part);
	return sum / BURST_PARTS;
}

uint64_t group_withheld(const struct judge *j, const struct group *g, char words[HOST_WORDS])
{
	int64_t first = INT64_MAX, last = INT64_MIN, from, to;
	const struct worker *w = worker_next(j, g, NULL);
	uint32_t mask = w ? w->mask : MODEL_NONE;

	for (; w; w = worker_next(j, g, w)) {
		worker_time(j, g, w, &from, &to);
		first = from < first ? from : first;
		last = to > last ? to : last;
		mask = w->mask == mask ? mask : MODEL_NONE;
	}
	return withheld(j, mask, first, last, words);
}

void say_nobody(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_with(j, c, g, NULL, NAN);

	judge_say(j, V_SKIP, &f, "no worker that made progress");
}

bool outliers_stand(const struct judge *j, const struct group *g, const struct worker *w,
		    const struct outliers *late, uint64_t count, double limit, struct excuse *told)
{
	uint64_t most = count / 100, left = 0;
	struct excuse x;
	uint32_t i;

	told->still = true;
	for (i = 0; i < late->n && (double)late->o[i].ns > limit; i++) {
		excuse_of(j, g, w, &late->o[i], limit, &x);
		left += x.still;
		if (!x.still && told->still)
			*told = x;
	}
	return told->still || left > most;
}
