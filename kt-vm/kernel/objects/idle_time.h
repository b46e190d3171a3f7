/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_IDLE_TIME_H
#define KT_VM_KERNEL_OBJECTS_IDLE_TIME_H

#include "kernel/view.h"

struct kidle_times {
	uint64_t entry; /* when it became idle, or busy */
	uint64_t total; /* without the time since */
	bool active;    /* it is idle, and in no interrupt */
	bool told;      /* the kernel tells that: not before 6.9, where it is a bit of no field */
};

/* Does the kernel tell? Not without CONFIG_NO_HZ_COMMON. */
bool kidle_known(const struct kview *kv);
/* False: the CPU is just writing it, or was stopped by the host while it did. */
bool kidle_read(const struct kview *kv, unsigned int cpu, struct kidle_times *t);
/* When the CPU has last become idle, or ceased to be, by CLOCK_MONOTONIC; 0: unknown. */
uint64_t kidle_entry(const struct kview *kv, unsigned int cpu);

#endif
