// SPDX-License-Identifier: GPL-2.0-only
/* Which checks there are for the work itself, and the order in which groups come to them. */
#include <math.h>
#include <string.h>

#include "model/group.h"
#include "units.h"
#include "workload.h"

double limit_of(const struct judge *j, const struct check *c, const struct group *g)
{
	const struct model *m = j->m;

	if (g && g->own && g->own->v[c->id] != LIMIT_UNSET)
		return g->own->v[c->id];
	if (g && g->own && c->id == LIM_PROGRESS && g->own->v[LIM_NOT_STUCK] != LIMIT_UNSET)
		return g->own->v[LIM_NOT_STUCK];
	if (g && strcmp(m->cgroups[m->places[g->place].cgroup].name, MODEL_ROOT) == 0 &&
	    c->id != LIM_PROGRESS)
		return LIMIT_OFF;
	if (c->id == LIM_PROGRESS && m->limits.v[LIM_NOT_STUCK] != LIMIT_OFF)
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
	static const struct check c = { .id = LIM_PROGRESS };

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

static const struct check checks[] = {
	{ .name = "isolation", .id = LIM_ISOLATION, .judge = check_isolation },
	{ .name = "affinity", .id = LIM_AFFINITY, .judge = check_affinity },
	{ .name = "progress", .id = LIM_PROGRESS, .judge = check_progress, .unit = "work units" },
	{ .name = "fork", .id = LIM_FORK, .judge = check_fork, .unit = "calls" },
	{ .name = "spread", .id = LIM_SPREAD_PCT, .judge = check_spread, .unit = "%" },
	{ .name = "gap", .id = LIM_GAP_MS, .judge = check_gap, .unit = "ms" },
	{ .name = "throughput_cv", .id = LIM_THROUGHPUT_CV, .judge = check_throughput_cv },
	{ .name = "work_rate",
	  .id = LIM_WORK_RATE,
	  .judge = check_floor,
	  .unit = "/cpu-s",
	  .noun = "work rate",
	  .per = "/cpu-s",
	  .no_time = "it has no CPU time",
	  .rate = work_rate },
	{ .name = "iteration_rate",
	  .id = LIM_ITERATION_RATE,
	  .judge = check_floor,
	  .unit = "/s",
	  .noun = "iteration rate",
	  .per = "/s",
	  .no_time = "it has no wall time",
	  .rate = iteration_rate },
	{ .name = "wake_latency",
	  .id = LIM_P99_LATENCY_NS,
	  .judge = check_latency_p99,
	  .unit = "ns" },
	{ .name = "timer_late",
	  .id = LIM_P99_TIMER_LATE_NS,
	  .judge = check_latency_p99,
	  .unit = "ns" },
	{ .name = "wake_latency_cv", .id = LIM_LATENCY_CV, .judge = check_latency_cv },
	{ .name = "migration_ratio",
	  .id = LIM_MIGRATION_RATIO,
	  .judge = check_migrations,
	  .noun = "migration ratio",
	  .per = "iteration" },
	{ .name = "migrations_per_s",
	  .id = LIM_MIGRATIONS_PER_S,
	  .judge = check_migrations,
	  .unit = "/s",
	  .noun = "migrations per second of a worker",
	  .per = "second" },
	{ .name = "migrations_per_timeslice",
	  .id = LIM_MIGRATIONS_PER_TIMESLICE,
	  .judge = check_migrations,
	  .noun = "migrations per timeslice",
	  .per = "timeslice" },
	{ .name = "page_locality", .id = LIM_PAGE_LOCALITY, .judge = check_page_locality },
	{ .name = "cross_node_migration", .id = LIM_CROSS_NODE_RATIO, .judge = check_cross_node },
	{ .name = "slow_tier", .id = LIM_SLOW_TIER_RATIO, .judge = check_slow_tier },
};

static void judge_check(struct judge *j, const struct check *c)
{
	struct finding f = finding_of(c->name, NULL);
	bool on = limit_of(j, c, NULL) != LIMIT_OFF;
	const struct group *g;
	uint32_t i;

	for (i = 0; i < j->m->ngroups && !on; i++)
		on = limit_of(j, c, &j->m->groups[i]) != LIMIT_OFF;
	if (!on || (j->not_judged && j->m->limits.dflt[c->id]))
		return;
	if (j->not_judged) {
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
		return;
	}
	if (!j->m->nworkers && !j->m->limits.dflt[c->id])
		judge_say(j, V_SKIP, &f, "not judged: the plan has no workers");
	for (i = 0; i < j->m->ngroups; i++) {
		g = &j->m->groups[i];
		if (g->first != MODEL_NONE && limit_of(j, c, g) != LIMIT_OFF)
			c->judge(j, c, g);
	}
}

/* From the stop of the last step to the end of the guest's work, on the host's clock. */
static void check_cleanup(struct judge *j)
{
	static const struct check c = { .name = "cleanup", .id = LIM_CLEANUP_MS, .unit = "ms" };
	const struct model *m = j->m;
	struct finding f = finding_with(j, &c, NULL, NULL, NAN);

	if (limit_of(j, &c, NULL) == LIMIT_OFF)
		return;
	if (j->not_judged) {
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
		return;
	}
	if (!m->begun || m->stop_ns < 0 || m->done_ns < 0) {
		judge_say(j, V_INCONCLUSIVE, &f,
			  "no record says when the work stopped or when the guest was done");
		return;
	}
	f.observed = (double)(m->done_ns - m->clock_ns - m->stop_ns) / NSEC_PER_MSEC;
	judge_say(j, f.observed > f.limit ? V_FAIL : V_PASS, &f,
		  "the cleanup took %.0fms, %s its budget of %.0fms", f.observed,
		  f.observed > f.limit ? "more than" : "within", f.limit);
}

void judge_workload(struct judge *j)
{
	size_t i;

	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		judge_check(j, &checks[i]);
	check_cleanup(j);
}
