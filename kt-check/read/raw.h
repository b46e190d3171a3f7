/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_READ_RAW_H
#define KT_CHECK_READ_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpulist.h"

/* One sample record, as far as kt-check judges it. */
#define RAW_CPUS    1024
#define RAW_WAITING 256
#define RAW_CALLS   64
#define RAW_SLICES  (1U << 14)
#define RAW_NONE    UINT64_MAX /* of a column: the sample does not say */
#define RAW_COMM    16

enum raw_column {
	RAW_NR_RUNNING,
	RAW_LOCAL_DSQ,
	RAW_CLOCK,
	RAW_RUN, /* vcpu_ns */
	RAW_STEAL,
	RAW_ONLINE,
	RAW_IDLE_TOTAL,
	RAW_IDLE_FOR,
	RAW_OUTSIDE,
	RAW_CURR_PID,
	RAW_COLUMNS
};

/* Scheduling classes, the highest first. */
enum raw_class { CLASS_STOP, CLASS_DL, CLASS_RT, CLASS_FAIR, CLASS_EXT, CLASS_IDLE, CLASS_UNKNOWN };

/* A task that is runnable and does not run. */
struct raw_task {
	int64_t pid, tgid;
	char comm[RAW_COMM], cgroup[64], dsq[24]; /* dsq: "" when it is in none */
	uint32_t cpu;
	uint64_t wait_ns, weight;
	enum raw_class class;
	bool kthread;
	struct cpulist cpus; /* where it may run */
};

/* Of it, what sentences tell. */
struct raw_who {
	int64_t pid;
	char comm[RAW_COMM], dsq[24];
	uint32_t cpu;
	uint64_t wait_ns;
	enum raw_class class;
	bool kthread;
};

/* A callback of a sched_ext scheduler, and what it has run so far on all CPUs. */
struct raw_callback {
	uint64_t id, cnt, ns;
	char op[24];
};

struct raw_who raw_who(const struct raw_task *t);

/* Time of the host in which a vCPU's thread was kept waiting. */
struct raw_slice {
	uint64_t cpu, from, to, ns;
};

struct raw {
	int64_t t_ns;    /* -1: none */
	const char *odd; /* a column of these that is no array of whole numbers >= 0, or NULL */
	uint64_t cost_ns;
	bool have_cpu;
	uint32_t ncpus; /* of the longest column */
	uint64_t col[RAW_COLUMNS][RAW_CPUS];
	uint32_t len[RAW_COLUMNS];
	enum raw_class class[RAW_CPUS]; /* of the current task */
	char comm[RAW_CPUS][RAW_COMM];
	uint32_t nclass;

	bool have_waiting;
	uint32_t nwaiting;
	struct raw_task waiting[RAW_WAITING];

	bool have_scx, bypass;
	char scx_state[16], scx_ops[128];

	struct raw_callback call[RAW_CALLS];
	uint32_t ncalls;

	uint64_t events[2]; /* select_cpu_fallback, dispatch_keep_last: sums over the CPUs */
	bool have_event[2];

	struct raw_slice *slices;
	uint32_t nslices, slices_cap;
};

/* Fills *r, whose slices stay for the next one; false: it is no record of the form of samples. */
bool raw_read(struct raw *r, const char *line, size_t len);
void raw_free(struct raw *r);
/* A value of a column, or RAW_NONE. */
uint64_t raw_get(const struct raw *r, enum raw_column c, uint32_t cpu);
const char *raw_class_name(enum raw_class c);

#endif
