/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_GUEST_CLOCK_H
#define KT_VM_OBSERVE_GUEST_CLOCK_H

#include <stdint.h>

struct obs;

/*
 * A clock of the guest's kernel. What is in its memory is the time at which a CPU last looked, and
 * when all are idle none does: from when that was first seen the host's clock goes on, without
 * the time for which the guest stood still. That is never more than the guest's own time.
 */
struct kclock {
	uint64_t value;
	uint64_t seen_ns; /* when, see kclock_look() */
};

/* The clock shows `value` at this moment. */
void kclock_see(struct kclock *c, uint64_t value, uint64_t at_ns);
/* What it shows by now. */
uint64_t kclock_now(const struct kclock *c, uint64_t at_ns);

/*
 * Looks at the guest's clocks: obs.sched_clock, that of the runqueues, and obs.mono, its
 * CLOCK_MONOTONIC. `at_ns` is the host's time for which the guest has run: obs_ran().
 */
void kclock_look(struct obs *o, uint64_t at_ns);

#endif
