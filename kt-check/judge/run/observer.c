// SPDX-License-Identifier: GPL-2.0-only
/* The check "observer": what measures must not compete with what is measured. */
#include <math.h>

#include "judge/check.h"
#include "judge/words.h"
#include "observer.h"
#include "units.h"

#define SHARE_PCT 2.0

/* In the guest's CPU time of a task is what the host withheld meanwhile: less that. */
static double share_of(const struct model *m, const struct observer_use *u)
{
	int64_t end = host_time(m, u->end_ns);
	uint64_t host = host_withheld(m, u->cpu, end - (int64_t)u->wall_ns, end);

	return u->ns > host ? (double)(u->ns - host) / (double)u->wall_ns : 0;
}

void judge_observer(struct judge *j)
{
	const struct observer *s = &j->m->observer;
	const struct observer_use *worst = NULL;
	struct finding f = finding_of("observer", NULL);
	char used[ARITH_TIME], wall[ARITH_TIME];
	double share, most = 0;
	uint32_t i;

	if (!check_is_judged(j, LIMIT_OBSERVER, &f))
		return;
	if (!s->seen) {
		judge_say(j, V_SKIP, &f, "no record tells what kt itself used");
		return;
	}
	for (i = 0; i < s->n; i++) {
		share = share_of(j->m, &s->use[i]);
		worst = share > most ? &s->use[i] : worst;
		most = fmax(most, share);
	}
	f.observed = most * 100;
	f.limit = SHARE_PCT;
	f.unit = "%";
	if (!worst || f.observed <= SHARE_PCT) {
		judge_say(j, V_PASS, &f, "kt itself used no more than %.1f%% of a CPU", f.observed);
		return;
	}
	arith_time(most * (double)worst->wall_ns, used);
	arith_time((double)worst->wall_ns, wall);
	judge_say(j, V_INCONCLUSIVE, &f,
		  "kt itself used %s of CPU %lld in %s%s, %.1f%% where %.0f%% are too many", used,
		  (long long)worst->cpu, wall, step_words(j->m, worst->step).s, f.observed,
		  SHARE_PCT);
}
