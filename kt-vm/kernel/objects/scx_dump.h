/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_SCX_DUMP_H
#define KT_VM_KERNEL_OBJECTS_SCX_DUMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The text that the kernel makes when it throws a scheduler out (scx_dump_state() in
 * kernel/sched/ext.c). It is made at once, before tasks are moved to queues of the kernel's own:
 * what it says of a task is what the scheduler had made of it.
 */
struct kdump_task {
	int64_t pid;
	char comm[17];
	int64_t waited_ms; /* runnable for so long */
	int cpu;
	char dsq[24]; /* as it is there: "0x3", "(n/a)" for none */
};

/* The task with this pid, or if it is negative the one that waits longest; false: not there. */
bool kdump_find(const char *dump, int64_t pid, struct kdump_task *t);

#endif
