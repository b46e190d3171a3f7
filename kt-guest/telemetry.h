/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_TELEMETRY_H
#define KT_GUEST_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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
 */
#define TM_SAMPLES     4096 /* wake latencies kept for percentiles, by reservoir sampling */
#define TM_DELAY_EVERY NSEC_PER_MSEC
#define TM_METRICS     48
#define TM_NAME        40

enum tm_state { TM_BORN, TM_RUNNING, TM_DONE };

struct telemetry {
	uint32_t state;
	int32_t cpu; /* at the last checkpoint, -1 before the first */
	uint64_t work_units, iterations, migrations;
	uint64_t start_ns; /* when the gate opened; CLOCK_MONOTONIC, as all times here */
	uint64_t stop_ns;  /* when the worker left its loop */
	uint64_t last_ns;  /* last checkpoint, or when it was due to run after a wait */
	uint64_t cpu_ns;   /* CPU time between start and stop */
	uint64_t max_gap_ns, max_gap_at_ns;
	int32_t max_gap_cpu;
	struct cpulist cpus;
	uint64_t wakes, wake_max_ns, rng;
	double wake_sum, wake_squares;
	uint64_t sample[TM_SAMPLES];
	struct hist delay;    /* run delays */
	char medium[TM_NAME]; /* the device that it works on; "" for none */
	uint32_t metrics;
	struct tm_metric {
		char name[TM_NAME];
		double value;
	} metric[TM_METRICS];
};

static inline uint64_t tm_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* Starts the measurement at `start_ns`; `seed` makes the reservoir of each worker its own. */
void tm_start(struct telemetry *t, uint64_t start_ns, uint64_t seed);
/* A checkpoint at `now` on `cpu`. */
void tm_mark(struct telemetry *t, uint64_t now, int cpu);
/* A wake-up at `now` that was due at `due`: one latency, and a gap counts only from `due`. */
void tm_woken(struct telemetry *t, uint64_t due, uint64_t now, int cpu);
/* A wait that ended at `now` for another reason (the stop): neither latency nor gap. */
void tm_resume(struct telemetry *t, uint64_t now, int cpu);
/* By the parent for a worker that did not answer the stop: the time since its last mark is a gap.
 */
void tm_close(struct telemetry *t, uint64_t start_ns, uint64_t stop_ns);

/* What /proc schedstat has more than at the last look: one sample of the weight `slices`. */
void tm_delay(struct telemetry *t, uint64_t wait_ns, uint64_t slices);
/* A figure of a type's own, set or set anew; beyond TM_METRICS names they are dropped. */
void tm_metric(struct telemetry *t, const char *name, double value);
/* NAME_p50_us, _p90_, _p99_, _p999_, _min_, _max_us and _samples of whole microseconds. */
void tm_metric_us(struct telemetry *t, const char *name, const struct hist *us);
void tm_medium(struct telemetry *t, const char *medium);

struct tm_wake_stats {
	uint64_t count, p50_ns, p99_ns, max_ns;
	double mean_ns, cv;
};

/*
 * Count, maximum, mean and population CV are of all wake-ups; the percentiles
 * (nearest rank) of the kept samples, which this sorts.
 */
void tm_wake_stats(struct telemetry *t, struct tm_wake_stats *s);
/* Nearest rank: the element ceil(n * pct / 100) - 1 of n > 0 sorted ones. */
uint64_t tm_percentile(const uint64_t *sorted, size_t n, unsigned int pct);

#endif
