/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_TELEMETRY_H
#define KT_GUEST_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cpulist.h"
#include "units.h"

/*
 * What a worker measures about itself, in memory that it shares with the parent:
 * the parent reads it also when the worker was killed or never ran. Only the
 * worker writes while it runs.
 *
 * A checkpoint is one clock read (vDSO) and one load of the rseq CPU number.
 * Every type takes one after each burst of 1024 spins, each yield and each wake-up,
 * so gaps are seen at that grain whatever the number of iterations.
 */
#define TM_SAMPLES 4096 /* wake latencies kept for percentiles, by reservoir sampling */

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
