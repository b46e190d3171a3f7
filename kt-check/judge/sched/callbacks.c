// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "callbacks": no callback of the scheduler takes long on average. They run with
 * interrupts off, most of them under the lock of a runqueue: nothing else happens on that CPU
 * meanwhile. What the host withheld from the guest the kernel counts as theirs.
 */
#include <math.h>

#include "callbacks.h"
#include "judge/check.h"
#include "units.h"

#define MEAN_NS     ((double)NSEC_PER_MSEC)
#define CALLS_LEAST 20
#define TOTAL_NS    (500.0 * NSEC_PER_MSEC) /* of less no guest has to suffer */

static double mean_of(const struct raw_callback *c, double less)
{
	return c->cnt ? fmax((double)c->ns - less, 0) / (double)c->cnt : 0;
}

/* Those that took little in all come last, however slow. */
static bool is_worse(const struct raw_callback *a, const struct raw_callback *b)
{
	bool much = (double)a->ns >= TOTAL_NS, than = (double)b->ns >= TOTAL_NS;

	if (a->cnt < CALLS_LEAST || b->cnt < CALLS_LEAST)
		return b->cnt < CALLS_LEAST && a->cnt >= CALLS_LEAST;
	return much != than ? much : mean_of(a, 0) > mean_of(b, 0);
}

void judge_callbacks(struct judge *j)
{
	const struct callbacks *s = j->m->callbacks;
	const struct cpulist *cpus = &j->m->cpus;
	struct finding f = finding_of("callbacks", NULL);
	char mean[ARITH_TIME], host[HOST_WORDS];
	const struct raw_callback *c;
	uint32_t i, worst = 0;
	double host_ns;
	int64_t cpu;

	if (!j->m->scheduler || j->m->on_host || !check_is_judged(j, LIMIT_CALLBACKS, &f))
		return;
	for (i = 0; i < s->n; i++)
		if (is_worse(&s->c[i].last, &s->c[worst].last))
			worst = i;
	c = &s->c[worst].last;
	f.observed = c->cnt < CALLS_LEAST ? NAN : mean_of(c, 0) / NSEC_PER_MSEC;
	f.limit = MEAN_NS / NSEC_PER_MSEC;
	f.unit = "ms";
	arith_time(mean_of(c, 0), mean);
	host_ns = (double)host_withheld_cpus(j->m, cpus, s->c[worst].from, s->c[worst].to);
	host_most(j->m, cpus, s->c[worst].from, s->c[worst].to, &cpu);
	if (c->cnt < CALLS_LEAST)
		judge_say(j, V_SKIP, &f, "no sample tells what the scheduler's callbacks cost");
	else if (f.observed <= f.limit || (double)c->ns < TOTAL_NS)
		judge_say(j, V_PASS, &f,
			  "%s, the slowest of the scheduler's callbacks, took %s on average (%llu "
			  "calls)",
			  c->op, mean, (unsigned long long)c->cnt);
	else
		judge_exceeded(j, &f,
			       mean_of(c, host_ns) > MEAN_NS && (double)c->ns - host_ns >= TOTAL_NS,
			       host_words(j->m, cpu, s->c[worst].from, s->c[worst].to, host),
			       "the scheduler's %s took %s on average (%llu calls), more than 1ms",
			       c->op, mean, (unsigned long long)c->cnt);
}
