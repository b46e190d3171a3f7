// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "work_conservation". What a sample proves: CPU c is online and idle, and has
 * been for I; a task that may run on c is runnable and has not run for W. Then for the last
 * min(I, W) the one was free and the other was not served. No scheduler can serve a task the
 * moment that it wakes, so it takes a long stretch, a large part of a CPU's time, or a wait in
 * every other sample to call it a violation; and what the host may have done does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conservation.h"
#include "defaults.h"
#include "judge.h"
#include "units.h"

#define STRETCH_NS  (250 * NSEC_PER_MSEC) /* one stretch that is too long */
#define SHARE_PCT   10                    /* of a CPU's time in a step, with at least */
#define SHARE_NS    (300 * NSEC_PER_MSEC) /* so much, */
#define SHARE_LEAST 10                    /* and so many samples */
#define OFTEN_PCT   40                    /* of the samples of a step, which are at least */
#define OFTEN_LEAST 20
#define HIT_NS      NSEC_PER_MSEC /* a sample counts from there on */

/* How long a CPU has been idle beside a task, as a sample proves; with the reader's own time off.
 */
static uint64_t overlap(const struct raw *r, uint32_t cpu, const struct raw_task *t)
{
	uint64_t idle = raw_get(r, RAW_IDLE_FOR, cpu), ns;

	if (raw_get(r, RAW_ONLINE, cpu) != 1 || idle == RAW_NONE || !cpulist_has(&t->cpus, cpu))
		return 0;
	ns = idle < t->wait_ns ? idle : t->wait_ns;
	return ns > r->cost_ns ? ns - r->cost_ns : 0;
}

static bool counts(const struct model *m, const struct raw_task *t)
{
	return (t->class == CLASS_FAIR || t->class == CLASS_EXT) && !terms_quota(m, t->cgroup);
}

/* The most that the host can explain of a stretch: its part of the idle CPU and of the task's. */
static uint64_t host_part(const struct model *m, uint32_t cpu, const struct raw_task *t,
			  int64_t from, int64_t to)
{
	uint64_t a = host_withheld(m, cpu, from, to);
	uint64_t b = t->cpu != cpu && t->cpu < RAW_CPUS ? host_withheld(m, t->cpu, from, to) : 0;

	return a + b;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* [from, to) is proven of a CPU: it goes on where the last stretch ended, or begins a new one. */
static void prove(struct lost_cpu *c, int64_t from, int64_t to, uint64_t net)
{
	uint64_t len;

	if (from > c->now.to || c->now.to == 0)
		c->now = (struct lost_stretch){ .from = from, .to = from };
	if (to <= c->now.to)
		return;
	if (from < c->now.to) { /* part of it was proven before */
		len = (uint64_t)(to - c->now.to);
		net = net < len ? net : len;
		from = c->now.to;
	}
	c->ns += (uint64_t)(to - from);
	c->net_ns += net;
	c->now.to = to;
	c->now.net_ns += net;
	if (c->now.net_ns > c->longest.net_ns)
		c->longest = c->now;
	if (c->now.to - c->now.from > c->longest_gross.to - c->longest_gross.from)
		c->longest_gross = c->now;
}

/* One CPU of one sample; true when it idled beside a task, `*gross` also if the host made it. */
static bool look_at_cpu(struct model *m, const struct raw *r, uint32_t cpu, bool *gross)
{
	struct conservation *s = m->conservation;
	const struct raw_task *t, *worst = NULL;
	uint64_t ns, most = 0, net;
	int64_t from, to = r->t_ns;
	bool hit = false;
	uint32_t i;

	if (!raw_get(r, RAW_IDLE_FOR, cpu))
		return false;
	for (i = 0; i < r->nwaiting; i++) {
		t = &r->waiting[i];
		ns = counts(m, t) ? overlap(r, cpu, t) : 0;
		if (ns < HIT_NS)
			continue;
		*gross = true;
		if (!hit)
			hit = minus(ns, host_part(m, cpu, t, to - (int64_t)ns, to)) >= HIT_NS;
		if (ns <= most)
			continue;
		most = ns;
		worst = t;
	}
	if (!worst)
		return false;
	from = to - (int64_t)most > s->begin ? to - (int64_t)most : s->begin;
	net = minus((uint64_t)(to - from), host_part(m, cpu, worst, from, to));
	prove(&s->cpu[cpu], from, to, net);
	if (worst->wait_ns > s->worst.wait_ns)
		s->worst = *worst;
	return hit;
}

static struct lost_case lost_case(const struct conservation *s, enum lost_kind kind, uint32_t cpu)
{
	return (struct lost_case){ .any = true,
				   .kind = kind,
				   .step = s->step,
				   .cpu = cpu,
				   .cpus = 1,
				   .of_ns = (uint64_t)(s->end - s->begin),
				   .hits = s->hits,
				   .samples = s->samples,
				   .from = s->begin,
				   .to = s->end,
				   .worst = s->worst };
}

/* Keeps the worst; CPUs of one step that are alike become one case. */
static void keep(struct lost_case *to, struct lost_case c)
{
	bool alike = to->any && to->step == c.step && to->kind == c.kind;

	if (to->any && c.ns <= to->ns) {
		to->cpus += alike;
		return;
	}
	c.cpus = alike ? to->cpus + 1 : 1;
	*to = c;
}

static bool is_share(const struct conservation *s, uint64_t ns)
{
	return s->samples >= SHARE_LEAST && ns >= SHARE_NS &&
	       ns / SHARE_PCT >= (uint64_t)(s->end - s->begin) / 100;
}

static void close_cpu(struct conservation *s, uint32_t cpu)
{
	const struct lost_cpu *c = &s->cpu[cpu];
	const struct lost_stretch *longest = &c->longest, *gross = &c->longest_gross;
	struct lost_case x;

	s->total_ns += c->net_ns;
	if (longest->net_ns >= STRETCH_NS || is_share(s, c->net_ns)) {
		x = lost_case(s, is_share(s, c->net_ns) ? LOST_SHARE : LOST_STRETCH, cpu);
		x.ns = x.kind == LOST_SHARE ? c->net_ns : longest->net_ns;
		keep(&s->fail, x);
	} else if ((uint64_t)(gross->to - gross->from) >= STRETCH_NS) {
		x = lost_case(s, LOST_STRETCH, cpu);
		x.from = gross->from;
		x.to = gross->to;
		x.ns = (uint64_t)(gross->to - gross->from);
		keep(&s->host, x);
	} else if (is_share(s, c->ns)) {
		x = lost_case(s, LOST_SHARE, cpu);
		x.ns = c->ns;
		keep(&s->host, x);
	}
}

static bool is_often(const struct conservation *s, uint32_t hits)
{
	return s->samples >= OFTEN_LEAST && hits * 100 >= s->samples * OFTEN_PCT;
}

static uint32_t most_hit(const struct conservation *s)
{
	uint32_t i, most = 0;

	for (i = 1; i < RAW_CPUS; i++)
		if (s->hit_cpu[i] > s->hit_cpu[most])
			most = i;
	return most;
}

/* The end of a step: what was seen in it is weighed. */
static void close_step(struct conservation *s)
{
	uint32_t i;

	s->open = false;
	for (i = 0; i < RAW_CPUS; i++)
		if (s->cpu[i].ns)
			close_cpu(s, i);
	if (!s->fail.any && is_often(s, s->hits))
		keep(&s->fail, lost_case(s, LOST_OFTEN, most_hit(s)));
	else if (!s->fail.any && !s->host.any && is_often(s, s->gross_hits))
		keep(&s->host, lost_case(s, LOST_OFTEN, most_hit(s)));
	memset(s->cpu, 0, sizeof(s->cpu));
	memset(s->hit_cpu, 0, sizeof(s->hit_cpu));
	s->samples = s->hits = s->gross_hits = 0;
	s->worst = (struct raw_task){ 0 };
}

void conservation_sample(struct model *m, const struct raw *r)
{
	struct conservation *s = m->conservation;
	bool hit = false, gross = false;
	uint32_t i;

	if (!r->have_waiting || !r->len[RAW_ONLINE] || !r->len[RAW_IDLE_FOR])
		return;
	s->have = true;
	if (s->open && s->step != m->step)
		close_step(s);
	if (!s->open) {
		s->begin = r->t_ns;
		s->step = m->step;
	}
	s->open = true;
	s->end = r->t_ns;
	s->samples++;
	s->total_samples++;
	for (i = 0; r->nwaiting && i < r->len[RAW_IDLE_FOR]; i++) {
		if (!look_at_cpu(m, r, i, &gross))
			continue;
		hit = true;
		s->hit_cpu[i]++;
	}
	s->hits += hit;
	s->gross_hits += gross;
}

void conservation_close(struct model *m)
{
	if (m->conservation->open)
		close_step(m->conservation);
}

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
		f->limit = c->samples * (OFTEN_PCT / 100.0);
		f->unit = "samples";
		judge_exceeded(
			j, f, still, host,
			"in %u of %u samples%s a CPU was idle while tasks that may run there "
			"waited, CPU %u most often (worst: %s)",
			c->hits, c->samples, step_words(j->m, c->step).s, c->cpu, task);
	} else if (c->kind == LOST_SHARE) {
		f->limit = (double)c->of_ns * (SHARE_PCT / 100.0) / NSEC_PER_MSEC;
		judge_exceeded(
			j, f, still, host,
			"%s idle %s of %s%s while tasks that may run there waited (worst: %s)",
			which(c, cpus, sizeof(cpus)), lost, of, step_words(j->m, c->step).s, task);
	} else {
		f->limit = (double)STRETCH_NS / NSEC_PER_MSEC;
		judge_exceeded(
			j, f, still, host,
			"%s idle %s on end%s while a task that may run there waited (worst: %s)",
			which(c, cpus, sizeof(cpus)), lost, step_words(j->m, c->step).s, task);
	}
}

void judge_conservation(struct judge *j)
{
	const struct conservation *s = j->m->conservation;
	struct finding f = finding_of("work_conservation", NULL);
	char lost[ARITH_TIME];

	if (!default_judged(j, LIM_WORK_CONSERVATION, &f))
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
			  arith_time((double)s->total_ns, lost),
			  (unsigned long long)s->total_samples);
}
