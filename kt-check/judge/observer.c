// SPDX-License-Identifier: GPL-2.0-only
/* The check "observer": what measures must not compete with what is measured. */
#include <errno.h>
#include <math.h>

#include "defaults.h"
#include "model/group.h"
#include "observer.h"
#include "units.h"

#define SHARE_PCT  2.0
#define WALL_LEAST NSEC_PER_SEC /* of a shorter hold, its beginning and end are much */

/* What one step's record says of one CPU. */
static int take_cpu(struct model *m, struct json_object *o, struct json_object *c, struct errbuf *e)
{
	struct observer *s = &m->observer;
	struct observer_use u = { .step = rec_get_int(o, "step", -1),
				  .cpu = rec_get_int(c, "cpu", -1),
				  .end_ns = rec_get_int(o, "guest_ns", 0),
				  .ns = (uint64_t)rec_get_int(c, "ns", -1),
				  .wall_ns = (uint64_t)rec_get_int(o, "wall_ns", 0) };
	int rc;

	if (u.ns > INT64_MAX || u.cpu < 0)
		return errbuf_set(e, -EINVAL, "expected numbers >= 0 as cpu and ns of each CPU");
	if (s->n == OBSERVER_MAX)
		return 0;
	rc = group_room(&s->use, s->n, &s->cap, sizeof(u), e);
	if (!rc)
		s->use[s->n++] = u;
	return rc;
}

int take_observer(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *cpus = rec_get_arr(o, "cpus");
	size_t i, n = cpus ? json_object_array_length(cpus) : 0;
	int64_t wall = rec_get_int(o, "wall_ns", -1);
	int rc = 0;

	if (wall < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 as wall_ns");
	if (wall < (int64_t)WALL_LEAST)
		return 0;
	m->observer.seen = true;
	for (i = 0; i < n && !rc; i++)
		rc = take_cpu(m, o, json_object_array_get_idx(cpus, i), e);
	return rc;
}

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

	if (!default_judged(j, LIM_OBSERVER, &f))
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
