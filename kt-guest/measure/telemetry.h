/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_TELEMETRY_H
#define KT_GUEST_MEASURE_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "clock.h"
#include "cpulist.h"
#include "hist.h"
#include "units.h"

/*
 * What a worker measures about itself, in memory that it shares with the parent:
 * the parent reads it also when the worker was killed or never ran. Only the
 * worker writes while it runs.
 *
 * A checkpoint is one clock read (vDSO) and the CPU number. Ticks (tick.h), which every
 * type takes at a grain of 1 ms of its own work or less, decide when one is due; waits
 * take one at both ends.
 *
 * Run delay is how long the worker was runnable and did not run, whatever it does, from
 * its /proc schedstat: when a checkpoint sees that the worker was off the CPU, and
 * TM_DELAY_EVERY after the last time at the earliest, the wait time added since then,
 * divided by the timeslices added, becomes one sample of the weight of these timeslices.
 * The count and the mean are thus exact. Percentiles, maximum and CV are exact while there
 * is one timeslice between two readings; where a worker is switched in more often than
 * that, they are of averages over 1 ms: outliers are smoothed, the maximum is a lower bound.
 *
 * A wake-up latency is the same figure across one sleep: the kernel books as wait the time from
 * its wake-up to its running. So the worker reads its schedstat before it waits and behind that.
 * What it cannot be is longer than the time since the waker stamped the wake-up, or since a timer
 * was due; where that is short, it is taken as it is, and no file is read. How late the timer
 * itself was is another figure.
 */
#define TM_SAMPLES     4096 /* wake latencies kept for percentiles, by reservoir sampling */
#define TM_DELAY_EVERY NSEC_PER_MSEC
#define TM_METRICS     48
#define TM_NAME        40
#define TM_WORST       64 /* waits that are kept one by one: the longest */
#define TM_GAPS        8

enum telemetry_state { TM_BORN, TM_RUNNING, TM_DONE };

/* System calls of the work that failed though nothing in the plan makes them. */
enum telemetry_failure { TM_FORK, TM_EXEC, TM_OTHER, TM_FAILURES };

/* The longest of many events, in no order while the worker runs. */
struct telemetry_top {
	uint32_t n;
	uint64_t least; /* of those kept, once there is no room for more */
	struct telemetry_event {
		uint64_t ns, at_ns; /* at_ns: its end, from the worker's start */
		int32_t cpu;
	} event[TM_WORST];
};

struct telemetry {
	uint32_t state;
	int32_t cpu; /* at the last checkpoint, -1 before the first */
	uint64_t work_units, iterations, migrations;
	uint64_t start_ns;       /* when the gate opened; CLOCK_MONOTONIC, as all times here */
	uint64_t stop_ns;        /* when the worker left its loop */
	uint64_t start_delay_ns; /* from start_ns to its first instruction */
	uint64_t last_ns;        /* last checkpoint, or when it was due to run after a wait */
	uint64_t cpu_ns;         /* CPU time between start and stop */
	uint64_t max_gap_ns, max_gap_at_ns;
	int32_t max_gap_cpu;
	struct telemetry_top gaps; /* TM_GAPS of them */
	struct cpulist cpus;
	uint64_t wakes, wake_max_ns, rng;
	double wake_sum, wake_squares;
	uint64_t sample[TM_SAMPLES];
	struct hist delay; /* run delays */
	struct hist late;  /* how late timers were */
	struct telemetry_top worst_wakes, worst_delays, worst_late;
	uint64_t failed[TM_FAILURES];
	int32_t error;        /* of the first of these */
	char medium[TM_NAME]; /* the device that it works on; "" for none */
	uint32_t metrics;
	struct telemetry_metric {
		char name[TM_NAME];
		double value;
	} metric[TM_METRICS];
};

/* Starts the measurement at `start_ns`; `seed` makes the reservoir of each worker its own. */
void telemetry_start(struct telemetry *t, uint64_t start_ns, uint64_t seed);
/* A checkpoint at `now` on `cpu`. */
void telemetry_mark(struct telemetry *t, uint64_t now, int cpu);
/* Runs again at `now`, `latency` after it was woken, from which alone a gap counts. */
void telemetry_woken(struct telemetry *t, uint64_t latency, uint64_t now, int cpu);
/* A timer or sleep that was due at `due` ended at `now`. */
void telemetry_late(struct telemetry *t, uint64_t due, uint64_t now, int cpu);
/*
 * How long after its wake-up it runs: by the kernel's books it was kept waiting for wait_ns since
 * before it slept, and it cannot be longer ago that it was woken than what was to wake it.
 */
uint64_t telemetry_latency(uint64_t wait_ns, uint64_t due, uint64_t now);
/* A wait that ended at `now` for another reason (the stop): neither latency nor gap. */
void telemetry_resume(struct telemetry *t, uint64_t now, int cpu);
/* By the parent for a worker that did not answer the stop: the time since its last mark is a gap.
 */
void telemetry_close(struct telemetry *t, uint64_t start_ns, uint64_t stop_ns);

/* What /proc schedstat has more than at the last look: one sample of the weight `slices`. */
void telemetry_delay(struct telemetry *t, uint64_t wait_ns, uint64_t slices, uint64_t now, int cpu);
/* A gap that was seen from outside, or has grown since it was seen first. */
void telemetry_gap(struct telemetry *t, uint64_t since, uint64_t now, int cpu);
/* Keeps the `room` longest; one that began when one of them did is the same, longer. */
void telemetry_top_put(struct telemetry_top *top, unsigned int room, struct telemetry_event event);
/* Puts them in order, the longest first. */
void telemetry_top_sort(struct telemetry_top *top);
/* Counts a failed call; one that a signal ended is none. */
void telemetry_failed(struct telemetry *t, enum telemetry_failure what, int error);
/* A figure of a type's own, set or set anew; beyond TM_METRICS names they are dropped. */
void telemetry_metric(struct telemetry *t, const char *name, double value);
/* NAME_p50_us, _p90_, _p99_, _p999_, _min_, _max_us and _samples of whole microseconds. */
void telemetry_metric_us(struct telemetry *t, const char *name, const struct hist *us);
void telemetry_medium(struct telemetry *t, const char *medium);

struct telemetry_wake_stats {
	uint64_t count, p50_ns, p99_ns, max_ns;
	double mean_ns, cv;
};

/*
 * Count, maximum, mean and population CV are of all wake-ups; the percentiles
 * (nearest rank) of the kept samples, which this sorts.
 */
void telemetry_wake_stats(struct telemetry *t, struct telemetry_wake_stats *s);
/* Nearest rank: the element ceil(n * pct / 100) - 1 of n > 0 sorted ones. */
uint64_t telemetry_percentile(const uint64_t *sorted, size_t n, unsigned int pct);

#endif
