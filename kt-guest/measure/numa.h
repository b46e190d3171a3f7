/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_NUMA_H
#define KT_GUEST_MEASURE_NUMA_H

#include <stdint.h>
#include <sys/types.h>

/* Where memory is, on a machine with several nodes. */
#define NUMA_NODES 64

/* 1 + the number of the highest node that is online. */
unsigned int numa_nodes(void);
/* Pages that a process has for itself, by node: 0 or -errno. */
int numa_pages(pid_t pid, uint32_t pages[NUMA_NODES]);
/* Pages that NUMA balancing has migrated for a thread since its birth, or -1. */
int64_t numa_migrated(pid_t tid);

#endif
