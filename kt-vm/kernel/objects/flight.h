/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_FLIGHT_H
#define KT_VM_KERNEL_OBJECTS_FLIGHT_H

#include <json-c/json.h>

#include "kernel/view.h"

/*
 * The flight recorder: the last scheduler events before something went wrong. The guest's own
 * tracing writes them (kernel parameters switch it on, no program does), into the ring buffers
 * that ftrace keeps for each CPU; they are read from there (kernel/trace/ring_buffer.c).
 */
#define KFLIGHT_PARAMS                                                                \
	"trace_event=sched:sched_switch,sched:sched_wakeup,sched:sched_migrate_task " \
	"trace_buf_size=32k"
#define KFLIGHT_EVENTS_MAX 1000 /* in one dump */

/* The last events of all CPUs, oldest first; empty where the guest records none. */
struct json_object *kflight_events(struct kview *kv);

#endif
