// SPDX-License-Identifier: GPL-2.0-only
/* Which limits there are on the work itself, and the order in which groups come to them. */
#include <math.h>

#include "affinity.h"
#include "array.h"
#include "fairness.h"
#include "fork.h"
#include "judge/check.h"
#include "latency.h"
#include "pages.h"
#include "units.h"
#include "workers.h"

static const struct check checks[] = {
	{ .name = "isolation", .id = LIMIT_ISOLATION, .judge = check_isolation },
	{ .name = "affinity", .id = LIMIT_AFFINITY, .judge = check_affinity },
	{ .name = "progress", .id = LIMIT_PROGRESS, .judge = check_progress, .unit = "work units" },
	{ .name = "fork", .id = LIMIT_FORK, .judge = check_fork, .unit = "calls" },
	{ .name = "spread", .id = LIMIT_MAX_SPREAD_PCT, .judge = check_spread, .unit = "%" },
	{ .name = "gap", .id = LIMIT_MAX_GAP_MS, .judge = check_gap, .unit = "ms" },
	{ .name = "throughput_cv", .id = LIMIT_MAX_THROUGHPUT_CV, .judge = check_throughput_cv },
	{ .name = "work_rate",
	  .id = LIMIT_MIN_WORK_RATE,
	  .judge = check_floor,
	  .unit = "/cpu-s",
	  .noun = "work rate",
	  .per = "/cpu-s",
	  .no_time = "it has no CPU time",
	  .rate = work_rate },
	{ .name = "iteration_rate",
	  .id = LIMIT_MIN_ITERATION_RATE,
	  .judge = check_floor,
	  .unit = "/s",
	  .noun = "iteration rate",
	  .per = "/s",
	  .no_time = "it has no wall time",
	  .rate = iteration_rate },
	{ .name = "wake_latency",
	  .id = LIMIT_MAX_P99_WAKE_LATENCY_NS,
	  .judge = check_latency_p99,
	  .unit = "ns" },
	{ .name = "timer_late",
	  .id = LIMIT_MAX_P99_TIMER_LATE_NS,
	  .judge = check_latency_p99,
	  .unit = "ns" },
	{ .name = "wake_latency_cv", .id = LIMIT_MAX_WAKE_LATENCY_CV, .judge = check_latency_cv },
	{ .name = "migration_ratio",
	  .id = LIMIT_MAX_MIGRATION_RATIO,
	  .judge = check_migrations,
	  .noun = "migration ratio",
	  .per = "iteration" },
	{ .name = "migrations_per_s",
	  .id = LIMIT_MAX_MIGRATIONS_PER_S,
	  .judge = check_migrations,
	  .unit = "/s",
	  .noun = "migrations per second of a worker",
	  .per = "second" },
	{ .name = "migrations_per_timeslice",
	  .id = LIMIT_MAX_MIGRATIONS_PER_TIMESLICE,
	  .judge = check_migrations,
	  .noun = "migrations per timeslice",
	  .per = "timeslice" },
	{ .name = "page_locality", .id = LIMIT_MIN_PAGE_LOCALITY, .judge = check_page_locality },
	{ .name = "cross_node_migration",
	  .id = LIMIT_MAX_CROSS_NODE_MIGRATION_RATIO,
	  .judge = check_cross_node },
	{ .name = "slow_tier", .id = LIMIT_MAX_SLOW_TIER_RATIO, .judge = check_slow_tier },
};

static void judge_limit(struct judge *j, const struct check *c)
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
	static const struct check c = { .name = "cleanup",
					.id = LIMIT_CLEANUP_BUDGET_MS,
					.unit = "ms" };
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

void judge_workers(struct judge *j)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		judge_limit(j, &checks[i]);
	check_cleanup(j);
}
