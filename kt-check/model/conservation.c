// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "work_conservation". What a sample proves: CPU c is online and idle, and has
 * been for I; a task that may run on c is runnable and has not run for W. Then for the last
 * min(I, W) the one was free and the other was not served. No scheduler can serve a task the
 * moment that it wakes, so it takes a long stretch, a large part of a CPU's time, a CPU that never
 * stops idling while each look finds a task that waits, or such a wait in almost every other
 * sample to call it a violation; and what the host may have done does not count.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conservation.h"
#include "model.h"
#include "units.h"

#define SHARE_NS    (300 * NSEC_PER_MSEC) /* so much, */
#define SHARE_LEAST 10                    /* and so many samples */
#define ROLL_LEAST  5                     /* samples in a row of a CPU that never stops idling */
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
static uint64_t host_part(const struct model *m, uint32_t cpu, uint32_t task_cpu, int64_t from,
			  int64_t to)
{
	uint64_t ns = host_withheld(m, cpu, from, to);

	return task_cpu != cpu && task_cpu < RAW_CPUS ? ns + host_withheld(m, task_cpu, from, to)
						      : ns;
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

/* The CPU idles beside a task in this sample: since the first of a row of them? */
static void roll(struct lost_cpu *c, const struct lost_step *s, uint64_t idle_ns, bool hit)
{
	if (!c->roll.samples || c->roll.to != s->last || s->end - (int64_t)idle_ns > s->last)
		c->roll = (struct lost_roll){ .from = s->end };
	c->roll.to = s->end;
	c->roll.samples++;
	c->roll.hits += hit;
	if (c->roll.hits > c->longest_roll.hits)
		c->longest_roll = c->roll;
}

/* The proofs of one CPU in one sample, the longest first; true if the host does not explain all. */
static bool weigh_cpu(struct model *m, struct lost_step *s, const struct lost_proof *p, uint32_t n)
{
	int64_t from, to = s->end;
	bool hit = false;
	uint64_t host;
	uint32_t i;

	for (i = 0; i < n && !hit; i++) {
		host = host_part(m, p->cpu, p[i].task.cpu, to - (int64_t)p[i].ns, to);
		hit = minus(p[i].ns, host) >= HIT_NS;
	}
	from = to - (int64_t)p->ns > s->begin ? to - (int64_t)p->ns : s->begin;
	host = host_part(m, p->cpu, p->task.cpu, from, to);
	prove(&s->cpu[p->cpu], from, to, minus((uint64_t)(to - from), host));
	roll(&s->cpu[p->cpu], s, p->idle_ns, hit);
	s->hit_cpu[p->cpu] += hit;
	if (p->task.wait_ns > s->worst.wait_ns)
		s->worst = p->task;
	return hit;
}

static void weigh_sample(struct model *m, struct lost_step *s, const struct lost_sample *at,
			 const struct lost_proof *p)
{
	uint32_t i, n;
	bool hit = false;

	s->last = s->samples ? s->end : at->t_ns;
	s->begin = s->samples ? s->begin : at->t_ns;
	s->end = at->t_ns;
	s->step = at->step;
	s->samples++;
	s->gross_hits += at->proofs > 0;
	for (i = 0; i < at->proofs; i += n) {
		for (n = 1; i + n < at->proofs && p[i + n].cpu == p[i].cpu;)
			n++;
		hit |= weigh_cpu(m, s, p + i, n);
	}
	s->hits += hit;
}

static struct lost_case lost_case(const struct lost_step *s, enum lost_kind kind, uint32_t cpu)
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

	if (to->any && (c.kind < to->kind || (c.kind == to->kind && c.ns <= to->ns))) {
		to->cpus += alike;
		return;
	}
	c.cpus = alike ? to->cpus + 1 : 1;
	*to = c;
}

static bool is_share(const struct lost_step *s, uint64_t ns)
{
	return s->samples >= SHARE_LEAST && ns >= SHARE_NS &&
	       ns / LOST_SHARE_PCT >= (uint64_t)(s->end - s->begin) / 100;
}

static void close_cpu(struct conservation *all, uint32_t cpu)
{
	const struct lost_step *s = all->now;
	const struct lost_cpu *c = &s->cpu[cpu];
	const struct lost_stretch *longest = &c->longest, *gross = &c->longest_gross;
	const struct lost_roll *row = &c->longest_roll;
	struct lost_case x;

	all->total_ns += c->net_ns;
	if (row->hits >= ROLL_LEAST) {
		x = lost_case(s, LOST_ROLL, cpu);
		x.ns = (uint64_t)(row->to - row->from);
		x.hits = row->samples;
		keep(&all->fail, x);
	} else if (longest->net_ns >= LOST_STRETCH_NS || is_share(s, c->net_ns)) {
		x = lost_case(s, is_share(s, c->net_ns) ? LOST_SHARE : LOST_STRETCH, cpu);
		x.ns = x.kind == LOST_SHARE ? c->net_ns : longest->net_ns;
		keep(&all->fail, x);
	} else if ((uint64_t)(gross->to - gross->from) >= LOST_STRETCH_NS) {
		x = lost_case(s, LOST_STRETCH, cpu);
		x.from = gross->from;
		x.to = gross->to;
		x.ns = (uint64_t)(gross->to - gross->from);
		keep(&all->host, x);
	} else if (is_share(s, c->ns)) {
		x = lost_case(s, LOST_SHARE, cpu);
		x.ns = c->ns;
		keep(&all->host, x);
	}
}

static bool is_often(const struct lost_step *s, uint32_t hits)
{
	return s->samples >= OFTEN_LEAST && hits * 100 >= s->samples * LOST_OFTEN_PCT;
}

static uint32_t most_hit(const struct lost_step *s)
{
	uint32_t i, most = 0;

	for (i = 1; i < RAW_CPUS; i++)
		if (s->hit_cpu[i] > s->hit_cpu[most])
			most = i;
	return most;
}

/* The end of a step: what was seen in it is weighed. */
static void close_step(struct conservation *all)
{
	struct lost_step *s = all->now;
	uint32_t i;

	for (i = 0; i < RAW_CPUS; i++)
		if (s->cpu[i].ns)
			close_cpu(all, i);
	if (!all->fail.any && is_often(s, s->hits))
		keep(&all->fail, lost_case(s, LOST_OFTEN, most_hit(s)));
	else if (!all->fail.any && !all->host.any && is_often(s, s->gross_hits))
		keep(&all->host, lost_case(s, LOST_OFTEN, most_hit(s)));
	memset(s, 0, sizeof(*s));
}

/* Room for one more in an array; false: there is none, and `full` tells. */
static int room(struct conservation *s, void *array, uint32_t n, uint32_t *cap, uint32_t most,
		size_t size)
{
	uint32_t more = *cap ? 2 * *cap : 256;
	void **old = array, *grown;

	if (n < *cap)
		return 0;
	if (n >= most) {
		s->full = true;
		return -E2BIG;
	}
	grown = realloc(*old, more * size);
	if (!grown)
		return -ENOMEM;
	*old = grown;
	*cap = more;
	return 0;
}

/* Is a task worth more than these: it has waited longer, or on another CPU than any of them? */
static uint32_t place_of(const struct lost_proof *p, uint32_t n, const struct raw_task *t)
{
	uint32_t i;

	for (i = 0; i < n && p[i].task.cpu != t->cpu;)
		i++;
	return i;
}

/* Those of one CPU: the longest of each CPU on which such tasks wait, the longest of all first. */
static uint32_t prove_cpu(const struct model *m, const struct raw *r, uint32_t cpu,
			  struct lost_proof p[LOST_TASKS])
{
	const struct raw_task *t;
	struct lost_proof x;
	uint32_t i, k, n = 0;
	uint64_t ns;

	for (i = 0; i < r->nwaiting; i++) {
		t = &r->waiting[i];
		ns = counts(m, t) ? overlap(r, cpu, t) : 0;
		k = place_of(p, n, t);
		if (ns < HIT_NS || k == LOST_TASKS || (k < n && ns <= p[k].ns))
			continue;
		p[k] = (struct lost_proof){ cpu, ns, raw_get(r, RAW_IDLE_FOR, cpu), raw_who(t) };
		n += k == n;
		if (p[k].ns > p[0].ns) {
			x = p[0];
			p[0] = p[k];
			p[k] = x;
		}
	}
	return n;
}

int conservation_sample(struct model *m, const struct raw *r)
{
	struct conservation *s = m->conservation;
	struct lost_proof p[LOST_TASKS];
	struct lost_sample *at;
	uint32_t i, k, n;
	int rc;

	if (!r->have_waiting || !r->len[RAW_ONLINE] || !r->len[RAW_IDLE_FOR])
		return 0;
	s->have = true;
	rc = room(s, &s->samples, s->nsamples, &s->samples_cap, LOST_SAMPLES, sizeof(*at));
	if (rc)
		return rc == -E2BIG ? 0 : rc;
	at = &s->samples[s->nsamples++];
	*at = (struct lost_sample){ .t_ns = r->t_ns, .step = m->step };
	for (i = 0; r->nwaiting && i < r->len[RAW_IDLE_FOR]; i++) {
		if (!r->col[RAW_IDLE_FOR][i])
			continue;
		n = prove_cpu(m, r, i, p);
		for (k = 0; k < n; k++) {
			rc = room(s, &s->proofs, s->nproofs, &s->proofs_cap, LOST_PROOFS,
				  sizeof(*p));
			if (rc)
				return rc == -E2BIG ? 0 : rc;
			s->proofs[s->nproofs++] = p[k];
			at->proofs++;
		}
	}
	return 0;
}

int conservation_close(struct model *m)
{
	struct conservation *s = m->conservation;
	uint32_t i, at = 0;

	s->now = calloc(1, sizeof(*s->now));
	if (!s->now)
		return -ENOMEM;
	for (i = 0; i < s->nsamples; i++) {
		if (s->now->samples && s->now->step != s->samples[i].step)
			close_step(s);
		weigh_sample(m, s->now, &s->samples[i], s->proofs + at);
		at += s->samples[i].proofs;
	}
	if (s->now->samples)
		close_step(s);
	return 0;
}

void conservation_free(struct conservation *s)
{
	if (!s)
		return;
	free(s->samples);
	free(s->proofs);
	free(s->now);
	free(s);
}
