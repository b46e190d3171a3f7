/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_BLAME_H
#define KT_VM_KERNEL_OBJECTS_BLAME_H

#include <json-c/json.h>

#include "kernel/view.h"

/*
 * Whose doing the end of a scheduler is: which of its callbacks, the members of struct
 * sched_ext_ops. There are four witnesses, of which the first that knows something is heard:
 *
 *	queue	 of a stall: the queue that held the waiting task when the kernel took note
 *	program	 a program of the scheduler in the backtrace: it was loaded for one callback
 *	message	 the kernel's words: "ops.init_task() failed"
 *	path	 functions of the kernel in the backtrace that work for certain callbacks only
 *
 * A task that select_cpu or enqueue has dispatched at once is looked at only later, by the
 * same code for both: then both are named, unless the scheduler has but one of them.
 */

/*
 * {"evidence", "callbacks": [{"op"?, "program"?, "missing"?}], "task"?, "dsq"?, "cpu"?}, or NULL:
 * nobody knows. `exit` has the kernel's words, `pc` are the addresses of its backtrace.
 */
struct json_object *kblame(struct kview *kv, struct json_object *exit, const uint64_t *pc,
			   size_t n);

#endif
