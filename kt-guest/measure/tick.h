/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_TICK_H
#define KT_GUEST_MEASURE_TICK_H

#include <stdbool.h>
#include <stdint.h>

#include "units.h"

/*
 * When is the next checkpoint worth its price? A tick is a look at the cycle counter and at
 * the CPU number, some ten instructions that a worker can afford in any loop. It asks for a
 * checkpoint when the last one is TICK_FAR_NS ago, when `near` (TICK_NEAR_NS) passed since
 * the last tick, since then the worker may have been off the CPU, and when the CPU changed.
 * Where it was not, and ticks are just that far apart (slow iterations, an emulated CPU),
 * `near` grows by tick_calm(), up to TICK_FAR_NS, beyond which no pause goes unseen.
 *
 * How fast the counter runs is learnt from the first checkpoints, until which every tick
 * asks for one, and checked at each later one. A counter that steps back or jumps only
 * makes ticks ask more often. No system calls here: what is read is passed in.
 */
#define TICK_FAR_NS    NSEC_PER_MSEC
#define TICK_NEAR_NS   (50 * NSEC_PER_USEC)
#define TICK_LEARN_NS  (200 * NSEC_PER_USEC)
#define TICK_TRUST_PCT 25 /* how far a checkpoint may be off the rate before it is learnt anew */

struct tick {
	uint64_t last;      /* cycles at the last tick or checkpoint */
	uint64_t mark;      /* at the last checkpoint */
	uint64_t near, far; /* in cycles; 0 until the rate is known */
	uint64_t near_ns;   /* 0: not set, TICK_NEAR_NS */
	uint32_t cpu;
	uint64_t mark_ns;
	uint64_t learn, learn_ns; /* where learning began; 0 ns: nowhere yet */
	double ns_per_cycle;
};

/* A tick: false when a checkpoint is due. */
static inline bool tick_quiet(struct tick *k, uint64_t cycles, uint32_t cpu)
{
	if (__builtin_expect(
		    cycles - k->last >= k->near || cycles - k->mark >= k->far || cpu != k->cpu, 0))
		return false;
	k->last = cycles;
	return true;
}

/* The time of the last tick, by the last checkpoint and the cycles since. */
uint64_t tick_time(const struct tick *k);
/* A pause of `near` or more was one, or was none: the next one is looked for with more, or less,
 * zeal.
 */
uint64_t tick_near_ns(const struct tick *k);
void tick_alarm(struct tick *k);
void tick_calm(struct tick *k);
/*
 * A checkpoint at time `now`. Cycles are to be read after the time: what passes between
 * the two readings then belongs to the next gap and is never lost.
 */
void tick_sync(struct tick *k, uint64_t now, uint64_t cycles, uint32_t cpu);

#endif
