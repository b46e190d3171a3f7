/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_TASK_H
#define KT_VM_KERNEL_OBJECTS_TASK_H

#include "cpulist.h"
#include "kernel/view.h"

/* What the guest's kernel knows of a task. The task may change, or go, while it is read. */
enum kclass {
	KCLASS_STOP,
	KCLASS_DL,
	KCLASS_RT,
	KCLASS_FAIR,
	KCLASS_EXT,
	KCLASS_IDLE,
	KCLASS_UNKNOWN,
};

/* The scheduling class that has it. */
enum kclass ktask_class(const struct kview *kv, uint64_t task);
/* "fair", "ext" and so on; NULL for the unknown one. */
const char *kclass_name(enum kclass c);
/* The CPUs of a struct cpumask, of those that this guest has. False: it cannot be read. */
bool ktask_mask(const struct kview *kv, uint64_t mask, struct cpulist *cpus);
/*
 * The CPUs that a task may run on: with migration disabled only that of its runqueue. False: it
 * cannot be read.
 */
bool ktask_cpus(const struct kview *kv, uint64_t task, unsigned int cpu, struct cpulist *cpus);
/* The last part of its cgroup's name, "" for the root, or where it cannot be read. */
void ktask_cgroup(const struct kview *kv, uint64_t task, char *buf, size_t size);

#endif
