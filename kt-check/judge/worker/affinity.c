// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "affinity", as workers tell: each saw on which CPUs it ran, and the guest knows
 * which sets applied to it meanwhile, by its cgroup and its own mask. No scheduler may run a
 * task outside of both.
 */
#include "affinity.h"
#include "judge/check.h"

void check_affinity(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	bool bad = false;

	if (!g->cpuset) /* all CPUs were allowed */
		return;
	f.limit_text = g->cpuset;
	if (!promised(j->m, PROMISE_AFFINITY)) {
		judge_say(j, V_SKIP, &f,
			  "not judged: the scheduler does not promise to heed CPU masks");
		return;
	}
	for (w = worker_next(j, g, NULL); w; w = worker_next(j, g, w)) {
		if (!w->outside)
			continue;
		f.worker = w;
		f.observed_text = w->outside;
		judge_say(j, V_FAIL, &f, "worker %lld ran on cpus %s, which were not allowed to it",
			  (long long)w->tid, w->outside);
		bad = true;
	}
	if (!bad)
		judge_say(j, V_PASS, &f, "no worker ran on a CPU that was not allowed to it");
}
