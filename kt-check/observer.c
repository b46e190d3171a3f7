// SPDX-License-Identifier: GPL-2.0-only
/* The check "observer": what measures must not compete with what is measured. */
#include <errno.h>

#include "defaults.h"
#include "observer.h"
#include "units.h"

#define SHARE_PCT  2.0
#define WALL_LEAST (100 * NSEC_PER_MSEC) /* a shorter hold tells nothing of shares */

int take_observer(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *cpus = rec_get_arr(o, "cpus"), *c;
	int64_t wall = rec_get_int(o, "wall_ns", -1), ns, cpu;
	size_t i, n = cpus ? json_object_array_length(cpus) : 0;
	struct observer *s = &m->observer;
	double share;

	if (wall < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 as wall_ns");
	if (wall < (int64_t)WALL_LEAST)
		return 0;
	s->seen = true;
	for (i = 0; i < n; i++) {
		c = json_object_array_get_idx(cpus, i);
		ns = rec_get_int(c, "ns", -1);
		cpu = rec_get_int(c, "cpu", -1);
		if (ns < 0 || cpu < 0)
			return errbuf_set(e, -EINVAL,
					  "expected numbers >= 0 as cpu and ns of each CPU");
		share = (double)ns / (double)wall;
		if (share <= s->share)
			continue;
		s->share = share;
		s->cpu = cpu;
		s->step = rec_get_int(o, "step", -1);
		s->ns = (uint64_t)ns;
		s->wall_ns = (uint64_t)wall;
	}
	return 0;
}

void judge_observer(struct judge *j)
{
	const struct observer *s = &j->m->observer;
	struct finding f = finding_of("observer", NULL);
	char used[ARITH_TIME], wall[ARITH_TIME];

	if (!default_judged(j, LIM_OBSERVER, &f))
		return;
	if (!s->seen) {
		judge_say(j, V_SKIP, &f, "no record tells what kt itself used");
		return;
	}
	f.observed = s->share * 100;
	f.limit = SHARE_PCT;
	f.unit = "%";
	arith_time((double)s->ns, used);
	arith_time((double)s->wall_ns, wall);
	if (f.observed > SHARE_PCT)
		judge_say(j, V_INCONCLUSIVE, &f,
			  "kt itself used %s of CPU %lld in %s%s, %.1f%% where %.0f%% are too many",
			  used, (long long)s->cpu, wall, step_words(j->m, s->step).s, f.observed,
			  SHARE_PCT);
	else
		judge_say(j, V_PASS, &f, "kt itself used no more than %.1f%% of a CPU", f.observed);
}
