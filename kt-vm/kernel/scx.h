/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_SCX_H
#define KT_VM_KERNEL_SCX_H

#include <json-c/json.h>

#include "observe/obs.h"

/*
 * What sched_ext's core knows (kernel/sched/ext.c): dispatch queues, runnable tasks, and why a
 * scheduler ended. Lists of the guest are walked for a bounded number of steps.
 */
#define KSCX_DSQS_MAX  1024
#define KSCX_TASKS_MAX 4096 /* of one queue */

/* The user DSQs: their GVAs, at most `max`; how many. */
size_t kscx_dsqs(const struct obs *o, uint64_t *dsq, size_t max);
/*
 * The number of enum scx_exit_kind that the scheduler has just been given to end with; 0 before,
 * and from when the work that takes it down has begun.
 */
unsigned int kscx_exit_claimed(const struct obs *o);
/* The same until that work is done; 0: it did not end. */
unsigned int kscx_exit_kind(const struct obs *o);
/* Where the kernel sets it first, an int; 0: there is no scheduler. */
uint64_t kscx_exit_place(const struct obs *o);
/* What sched_ext as a whole does; KSCX_UNKNOWN: the kernel has none. */
enum kscx_state kscx_state(const struct obs *o);
/* The scheduler's name; false: there is none, or no more. */
bool kscx_ops_name(const struct obs *o, char *buf, size_t size);
/* Has the kernel taken scheduling over, and moved all tasks to queues of its own? */
bool kscx_bypassing(const struct obs *o);
/* {"ops", "kind", "exit_code", "reason", "msg", "backtrace": [...], "dump", "blame"}, or NULL: no
 * scheduler was there. */
struct json_object *kscx_exit(struct obs *o);
/* The per-CPU pointer to its counters of events (obs.events); 0: there is no scheduler. */
uint64_t kscx_events(const struct obs *o);
/* Each user DSQ with its queued tasks. */
struct json_object *kscx_queues(const struct obs *o);
/* The tasks of a CPU's local DSQ, and those that are runnable on it, with how long they have been.
 */
struct json_object *kscx_local(const struct obs *o, unsigned int cpu);
struct json_object *kscx_runnable(const struct obs *o, unsigned int cpu);

#endif
