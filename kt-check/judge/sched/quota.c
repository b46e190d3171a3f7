// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "quota": no cgroup uses more CPU time than its cpu.max gives it. A kernel hands
 * the quota out to CPUs in slices, and may begin with a whole one: so much it may have
 * beyond the even rate. What a vCPU was not run for the guest's clocks count as used; the
 * scheduler learns of that late, but then holds the cgroup back for it.
 */
#include <stdio.h>
#include <string.h>

#include "entitle/contest.h"
#include "model/group.h"
#include "quota.h"
#include "units.h"

#define SLICE_NS     (5 * NSEC_PER_MSEC)  /* sched_cfs_bandwidth_slice_us */
#define TICK_NS      (10 * NSEC_PER_MSEC) /* a quota is looked at when a tick comes */
#define ACCOUNT_PART 0.02                 /* by which clocks of workers may differ */

static void judge_home(struct judge *j, const struct contest *c, int32_t i)
{
	const struct home *h = &c->homes[i];
	struct finding f = finding_of("quota", NULL);
	double rate = (double)h->quota / (double)h->period, allowed;
	char host[HOST_WORDS], name[450] = "";
	const struct window *held = window_find(j->m, c->step);
	int64_t from, cpu;
	uint64_t wall = h->span_ns, late;

	f.place = place_find(j->m, c->step, h->name);
	f.unit = "%";
	if (!f.place)
		snprintf(name, sizeof(name), "%s: ", h->name);
	if (h->lasting || !wall) {
		judge_say(j, V_SKIP, &f,
			  "%scpu.max of %.1f%% of a CPU is not judged: workers in it live through "
			  "several steps",
			  name, 100 * rate);
		return;
	}
	if (!promised(j->m, PROMISE_CGROUP_MAX)) {
		judge_say(j, V_SKIP, &f,
			  "%scpu.max of %.1f%% of a CPU is not judged: the scheduler does not "
			  "promise to heed it",
			  name, 100 * rate);
		return;
	}
	from = host_time(j->m, held && held->from >= 0 ? held->from : (int64_t)j->m->begin_ns);
	late = host_burst(j->m, NULL, from, from + (int64_t)wall) * cpulist_count(&j->m->cpus);
	host_most(j->m, NULL, from, from + (int64_t)wall, &cpu);
	allowed = rate * (double)wall * (1 + ACCOUNT_PART) + (double)h->quota +
		  (double)cpulist_count(&j->m->cpus) * (SLICE_NS + TICK_NS);
	f.observed = 100 * (double)h->used_ns / (double)wall;
	f.limit = 100 * rate;
	if ((double)h->used_ns <= allowed)
		judge_say(j, V_PASS, &f, "%sused %.1f%% of a CPU, cpu.max is %.1f%%", name,
			  f.observed, f.limit);
	else
		judge_exceeded(j, &f, (double)h->used_ns - (double)late > allowed,
			       host_words(j->m, cpu, from, from + (int64_t)wall, host),
			       "%sused %.1f%% of a CPU, more than its cpu.max of %.1f%% and a "
			       "period's quota (%llums of %.0fms in %llums)",
			       name, f.observed, f.limit,
			       (unsigned long long)(h->used_ns / NSEC_PER_MSEC),
			       allowed / NSEC_PER_MSEC, (unsigned long long)(wall / NSEC_PER_MSEC));
}

static void judge_step(struct judge *j, int64_t step)
{
	struct contest *c = contest_of(j->m, step);
	struct finding f = finding_of("quota", NULL);
	uint32_t i, limited = 0;

	for (i = 0; c && i < c->nhomes; i++)
		limited += c->homes[i].quota && c->homes[i].workers;
	if (limited && c->why[0])
		judge_say(j, V_SKIP, &f, "step %lld is not judged: %s", (long long)step, c->why);
	for (i = 0; c && !c->why[0] && i < c->nhomes; i++)
		if (c->homes[i].quota && c->homes[i].workers)
			judge_home(j, c, (int32_t)i);
	contest_free(c);
}

void judge_quota(struct judge *j)
{
	int64_t step = MODEL_BACKDROP;

	if (j->m->limits.v[LIMIT_QUOTA] == LIMIT_OFF || j->not_judged)
		return;
	while (contest_next(j->m, &step))
		judge_step(j, step);
}
