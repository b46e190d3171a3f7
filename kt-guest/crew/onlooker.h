/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_ONLOOKER_H
#define KT_GUEST_CREW_ONLOOKER_H

#include <stdint.h>
#include <sys/types.h>

#include "crew.h"

/*
 * Telemetry from outside, for workers that take no checkpoints of their own: a process beside
 * the test looks at them every ONLOOKER_TICK and writes what it sees into their telemetry: CPUs,
 * run delays, and the longest time that one was ready to run and did not, all at that grain. It
 * looks less often where that took more than half a percent of a CPU.
 */
#define ONLOOKER_TICK (5 * NSEC_PER_MSEC)

/* Starts it, from `start_ns` on; 0 when there is none: then nothing of this is known. */
pid_t onlooker_start(const struct crew *c, uint64_t start_ns);
/* Ends it. */
void onlooker_stop(pid_t *pid);

#endif
