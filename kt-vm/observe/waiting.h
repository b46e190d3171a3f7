/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_WAITING_H
#define KT_VM_OBSERVE_WAITING_H

#include <stdint.h>

struct obs;

/*
 * The tasks that are runnable and do not run: those of the fair, the real-time and the deadline
 * queue of each CPU, and those of sched_ext, in whichever DSQ, or none. Lists change while they
 * are walked; a task is believed if it is the same behind all that was read of it.
 *
 * The kernel has in front (of fair tasks: at the end) who waits longest: of longer lists the rest
 * is only counted.
 */
#define KWAIT_SAMPLE_MAX 2048 /* tasks looked at, shared among the CPUs; of one list: */
#define KWAIT_TASKS_MIN  8
#define KWAIT_TASKS_MAX  256
#define KWAIT_LISTED_MAX 256
#define KWAIT_MIN_NS     1000000 /* who waits less is not listed */

/* The members `waiting` and `waiting_more` of a sample; none where a kernel does not tell. */
void kwait_sample(struct obs *o, uint64_t now_ns);

#endif
