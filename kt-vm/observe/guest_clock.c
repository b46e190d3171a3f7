// SPDX-License-Identifier: GPL-2.0-only
#include "guest_clock.h"
#include "kernel/objects/idle_time.h"
#include "obs.h"

void kclock_see(struct kclock *c, uint64_t value, uint64_t at_ns)
{
	if (value > c->value)
		*c = (struct kclock){ .value = value, .seen_ns = at_ns };
}

uint64_t kclock_now(const struct kclock *c, uint64_t at_ns)
{
	return at_ns > c->seen_ns ? c->value + (at_ns - c->seen_ns) : c->value;
}

/* struct tk_data of CLOCK_MONOTONIC: a seqcount, and the timekeeper behind it. */
static uint64_t tk_data(const struct obs *o)
{
	uint64_t at = kmem_symbol(&o->k.mem, KS_TK_CORE);

	return at ? at : kmem_symbol(&o->k.mem, KS_TK_DATA);
}

static uint64_t timekeeper(const struct obs *o, uint64_t data)
{
	const struct kfield *in = &o->k.probe.f[KP_TK_DATA], *seq = &o->k.probe.f[KP_SEQCOUNT];

	if (in->known)
		return data + in->offset;
	/* the struct has no name before 6.13 */
	return seq->known ? data + ((seq->size + 7) & ~7U) : 0;
}

/* What the last tick has written; 0: it is just being written. */
static uint64_t timekeeping(const struct obs *o)
{
	uint64_t data = tk_data(o), tk = data ? timekeeper(o, data) : 0, seq, after, base, ns;

	if (!tk || kmem_number(&o->k.mem, data, 4, &seq) || (seq & 1))
		return 0;
	base = kview_number(&o->k, tk, KP_TK_BASE);
	ns = kview_number(&o->k, tk, KP_TK_NSEC) >> (kview_number(&o->k, tk, KP_TK_SHIFT) & 63);
	return !kmem_number(&o->k.mem, data, 4, &after) && after == seq ? base + ns : 0;
}

void kclock_look(struct obs *o, uint64_t at_ns)
{
	uint64_t clock = 0, mono = timekeeping(o), v;
	unsigned int cpu;

	for (cpu = 0; cpu < o->k.m->cpus; cpu++) {
		v = kview_number(&o->k, o->k.rq[cpu], KP_RQ_CLOCK);
		clock = v > clock ? v : clock;
		v = kidle_entry(&o->k, cpu);
		mono = v > mono ? v : mono;
	}
	kclock_see(&o->sched_clock, clock, at_ns);
	kclock_see(&o->mono, mono, at_ns);
}
