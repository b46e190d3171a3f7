/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_SCX_H
#define KT_VM_KERNEL_OBJECTS_SCX_H

#include <json-c/json.h>

#include "kernel/view.h"

/*
 * What sched_ext's core knows (kernel/sched/ext.c): dispatch queues, runnable tasks, and why a
 * scheduler ended. Lists of the guest are walked for a bounded number of steps.
 */
#define KSCX_DSQS_MAX  1024
#define KSCX_TASKS_MAX 4096 /* of one queue */

/* The user DSQs: their GVAs, at most `max`; how many. */
size_t kscx_dsqs(const struct kview *kv, uint64_t *dsq, size_t max);
/*
 * The number of enum scx_exit_kind that the scheduler has just been given to end with; 0 before,
 * and from when the work that takes it down has begun.
 */
unsigned int kscx_exit_claimed(const struct kview *kv);
/* The same until that work is done; 0: it did not end. */
unsigned int kscx_exit_kind(const struct kview *kv);
/* Where the kernel sets it first, an int; 0: there is no scheduler. */
uint64_t kscx_exit_place(const struct kview *kv);
/* What sched_ext as a whole does; KSCX_UNKNOWN: the kernel has none. */
enum kscx_state kscx_state(const struct kview *kv);
/* The scheduler's name; false: there is none, or no more. */
bool kscx_ops_name(const struct kview *kv, char *buf, size_t size);
/* Has the kernel taken scheduling over, and moved all tasks to queues of its own? */
bool kscx_bypassing(const struct kview *kv);
/* {"ops", "kind", "exit_code", "reason", "msg", "backtrace": [...], "dump", "blame"}, or NULL: no
 * scheduler was there. */
struct json_object *kscx_exit(struct kview *kv, const struct kstack *seen);
/* The per-CPU pointer to its counters of events (obs.events); 0: there is no scheduler. */
uint64_t kscx_events(const struct kview *kv);
/* Each user DSQ with its queued tasks. */
struct json_object *kscx_queues(const struct kview *kv);
/* The tasks of a CPU's local DSQ, and those that are runnable on it, with how long they have been.
 */
struct json_object *kscx_local(const struct kview *kv, unsigned int cpu);
struct json_object *kscx_runnable(const struct kview *kv, unsigned int cpu);

#endif
