/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_OBSERVER_H
#define KT_GUEST_MEASURE_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "cpulist.h"

struct json_object;

/*
 * What kt itself costs where it measures: the CPU time of the runner (PID 1 of a guest) and of its
 * helpers, by CPU, in memory that they share. Each charges what it used since its last note to the
 * CPU that it is on; it does so before each of its waits. What ops cost is apart: they are a
 * part of the test.
 */
struct observer_sums {
	uint64_t ns[CPULIST_MAX], ops_ns;
};

/* Once, before any helper is born. Without memory for it nothing is known. */
void observer_init(void);
/* Around the fork() of a helper: only those have it. */
void observer_share(bool share);
/* By a new helper; `ops`: all that it does is for ops. */
void observer_adopt(bool ops);
/* Charges what was used since the last note. */
void observer_note(void);
/* What follows is for ops, or is not any more. */
void observer_ops(bool ops);
/* CPU time of this process, to see what a piece of work costs. */
uint64_t observer_cpu(void);
/* How long to rest after work of this cost, so that it takes half a percent of a CPU at most. */
uint64_t observer_rest(uint64_t cost_ns, uint64_t at_least);
/* All sums until now. */
void observer_read(struct observer_sums *s);
/* Adds the members of an observer record: what was used since `from`. */
void observer_tell(const struct observer_sums *from, struct json_object *o);

#endif
