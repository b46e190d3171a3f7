/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_PROCSTAT_H
#define KT_GUEST_MEASURE_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the kernel says of one thread: the witness of what a work type does. From
 * /proc/TID/task/TID/ status, stat and, where the kernel has it, sched.
 */
enum proc_count {
	PROC_VOLUNTARY,
	PROC_NONVOLUNTARY,
	PROC_MINOR_FAULTS,
	PROC_MAJOR_FAULTS,
	PROC_CHILD_MINOR_FAULTS, /* of children that it waited for */
	PROC_UTIME_NS,
	PROC_STIME_NS,
	PROC_MIGRATIONS, /* -1: not to be had */
	PROC_COUNTS
};

struct procstat {
	bool known;
	int64_t count[PROC_COUNTS];
	int nice, policy, threads; /* at this moment; SCHED_*; of its process */
};

extern const char *const procstat_keys[PROC_COUNTS]; /* in records */

void procstat_read(pid_t tid, struct procstat *p);

#endif
