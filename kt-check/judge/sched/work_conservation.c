// SPDX-License-Identifier: GPL-2.0-only
/* The check "work_conservation", of what model/conservation.c has found. */
#include <stdio.h>

#include "judge/check.h"
#include "judge/words.h"
#include "units.h"
#include "work_conservation.h"

/* "CPU 3", "CPU 3 and 2 more" */
static const char *which(const struct lost_case *c, char *buf, size_t size)
{
	if (c->cpus > 1)
		snprintf(buf, size, "CPU %u (and %u more like it)", c->cpu, c->cpus - 1);
	else
		snprintf(buf, size, "CPU %u", c->cpu);
	return buf;
}

static void tell(struct judge *j, struct finding *f, const struct lost_case *c, bool still)
{
	char cpus[64], task[TASK_WORDS], lost[ARITH_TIME], of[ARITH_TIME], host[HOST_WORDS];
	int64_t vcpu = c->cpu;
	uint64_t a = host_withheld(j->m, c->cpu, c->from, c->to);

	if (c->worst.cpu < RAW_CPUS && host_withheld(j->m, c->worst.cpu, c->from, c->to) > a)
		vcpu = c->worst.cpu;
	host_words(j->m, vcpu, c->from, c->to, host);
	task_words(&c->worst, task);
	arith_time((double)c->ns, lost);
	arith_time((double)c->of_ns, of);
	f->observed = (double)c->ns / NSEC_PER_MSEC;
	f->unit = "ms";
	if (c->kind == LOST_OFTEN) {
		f->observed = c->hits;
		f->limit = c->samples * (LOST_OFTEN_PCT / 100.0);
		f->unit = "samples";
		judge_exceeded(
			j, f, still, host,
			"in %u of %u samples%s a CPU was idle while tasks that may run there "
			"waited, CPU %u most often (worst: %s)",
			c->hits, c->samples, step_words(j->m, c->step).s, c->cpu, task);
	} else if (c->kind == LOST_ROLL) {
		f->limit = (double)LOST_STRETCH_NS / NSEC_PER_MSEC;
		judge_exceeded(j, f, still, host,
			       "%s idle for %s on end%s, and in each of %u samples a task that may "
			       "run there waited (worst: %s)",
			       which(c, cpus, sizeof(cpus)), lost, step_words(j->m, c->step).s,
			       c->hits, task);
	} else if (c->kind == LOST_SHARE) {
		f->limit = (double)c->of_ns * (LOST_SHARE_PCT / 100.0) / NSEC_PER_MSEC;
		judge_exceeded(
			j, f, still, host,
			"%s idle %s of %s%s while tasks that may run there waited (worst: %s)",
			which(c, cpus, sizeof(cpus)), lost, of, step_words(j->m, c->step).s, task);
	} else {
		f->limit = (double)LOST_STRETCH_NS / NSEC_PER_MSEC;
		judge_exceeded(
			j, f, still, host,
			"%s idle %s on end%s while a task that may run there waited (worst: %s)",
			which(c, cpus, sizeof(cpus)), lost, step_words(j->m, c->step).s, task);
	}
}

void judge_work_conservation(struct judge *j)
{
	const struct conservation *s = j->m->conservation;
	struct finding f = finding_of("work_conservation", NULL);
	char lost[ARITH_TIME];

	if (!check_is_judged(j, LIMIT_WORK_CONSERVATION, &f))
		return;
	if (!promised(j->m, PROMISE_WORK_CONSERVING))
		judge_say(j, V_SKIP, &f, "the scheduler does not promise to keep CPUs busy");
	else if (!s->have)
		judge_say(j, V_SKIP, &f, "no sample tells which tasks wait and which CPUs idle");
	else if (s->fail.any)
		tell(j, &f, &s->fail, true);
	else if (s->host.any)
		tell(j, &f, &s->host, false);
	else
		judge_say(j, V_PASS, &f,
			  "no CPU idled for long beside a task that may run there (%s in all, %llu "
			  "samples)",
			  arith_time((double)s->total_ns, lost), (unsigned long long)s->nsamples);
}
