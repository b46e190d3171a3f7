// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel counts as a CPU's idle time: kernel/time/tick-sched.c. */
#include "idle_time.h"

#define TS_IDLE_ACTIVE 4 /* TS_FLAG_IDLE_ACTIVE, kernel/time/tick-sched.h */
#define TRIES          3

/* Where a CPU's idle time is: in its tick, and from 7.2 on with its other times. */
static const struct idle_probes {
	enum ksymbol symbol;
	enum kprobe seq, entry, idle, iowait, active;
	uint64_t flag; /* of `active` */
} tick = { KS_TICK_SCHED,  KP_TICK_SEQ,   KP_TICK_ENTRY, KP_TICK_IDLE,
	   KP_TICK_IOWAIT, KP_TICK_FLAGS, TS_IDLE_ACTIVE },
  stat = {
	  KS_CPUSTAT, KP_STAT_SEQ, KP_STAT_ENTRY, KP_STAT_IDLE, KP_STAT_IOWAIT, KP_STAT_ELAPSE, 1
  };

/* NULL: the kernel does not tell (CONFIG_NO_HZ_COMMON). */
static const struct idle_probes *probes(const struct kview *kv)
{
	if (kv->probe.f[KP_STAT_ENTRY].known)
		return &stat;
	return kv->probe.f[KP_TICK_IDLE].known ? &tick : NULL;
}

static uint64_t place(const struct kview *kv, const struct idle_probes *p, unsigned int cpu)
{
	uint64_t symbol = kmem_symbol(&kv->mem, p->symbol);

	return symbol ? kview_percpu(kv, symbol, cpu) : 0;
}

uint64_t kidle_entry(const struct kview *kv, unsigned int cpu)
{
	const struct idle_probes *p = probes(kv);

	return p ? kview_number(kv, place(kv, p, cpu), p->entry) : 0;
}

bool kidle_read(const struct kview *kv, unsigned int cpu, struct kidle_times *r)
{
	const struct idle_probes *p = probes(kv);
	uint64_t at = place(kv, p, cpu), seq;
	int i;

	for (i = 0; at && i < TRIES; i++) {
		seq = kview_number(kv, at, p->seq);
		r->entry = kview_number(kv, at, p->entry);
		r->total = kview_number(kv, at, p->idle) + kview_number(kv, at, p->iowait);
		r->active = kview_number(kv, at, p->active) & p->flag;
		r->told = kv->probe.f[p->active].known;
		if (!(seq & 1) && seq == kview_number(kv, at, p->seq))
			return true;
	}
	return false;
}

bool kidle_known(const struct kview *kv)
{
	return probes(kv) != NULL;
}
