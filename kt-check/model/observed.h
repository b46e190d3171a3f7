/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_OBSERVED_H
#define KT_CHECK_MODEL_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"
#include "series.h"
#include "units.h"

/*
 * What was seen of the scheduler from outside while steps of the workload ran: samples
 * come down to a few numbers each as they come, fields to series.
 */
#define OBSERVED_CPUS    1024
#define OBSERVED_SAMPLES (1U << 20) /* that are kept; and points of all series together */
#define OBSERVED_POINTS  (1U << 22)
#define OBSERVED_FIELDS  64
#define OBSERVED_RULES   64

/* A clock counts as stuck while its vCPU gets 10 ticks of a 250 Hz kernel for each sample. */
#define STUCK_RUN_NS (40 * NSEC_PER_MSEC)

/* One sample, as far as monitor checks ask. */
struct sample {
	int64_t t_ns;
	unsigned int tag;    /* counts all samples of the stream */
	bool first;          /* none before it in its step */
	double imbalance;    /* NAN: unknown */
	int64_t most, least; /* tasks of the two CPUs that it is about */
	int64_t depth;
	uint32_t depth_cpu;
	double fallback, keep_last; /* events per second since the one before; NAN: unknown */
};

/* How long a CPU's clock stood still while its vCPU ran and it had something to run. */
struct stuck {
	uint32_t samples; /* in a row */
	uint64_t ran_ns;  /* of the vCPU meanwhile */
	bool unknown;     /* nothing tells whether the vCPU ran */
};

struct cpu_clock {
	uint64_t clock_ns, vcpu_ns;
	bool have, busy, have_vcpu;
	struct stuck now, worst;
	uint64_t worst_clock;
	unsigned int worst_tag;
};

/* A live field in figures. A per-CPU one is summed; `cpu_max` is the largest of one CPU. */
struct live {
	char *name;
	uint64_t n;
	bool percpu;
	long double first, last, sum, min, max, cpu_max;
};

enum cpu_reducer { CPUS_SUM, CPUS_MAX, CPUS_MIN, CPUS_MEAN, CPUS_COUNT };

struct temporal {
	char *field, *other; /* other: NULL unless the rule compares two */
	enum cpu_reducer cpus;
	struct rule rule;
	struct series s, o; /* of these two */
};

struct observed {
	bool monitor;     /* samples are judged */
	bool open;        /* a step runs, */
	bool have_sample; /* and was sampled */
	int64_t workload_ns;
	int64_t held_ns; /* since when a step is held: all its workers work; or -1 */
	char *error;     /* why nothing was observed, or NULL */
	struct raw *raw; /* the last sample */

	struct sample *samples;
	uint32_t n, cap, beyond, seen;
	uint64_t events[2], events_ns; /* of the sample before */
	bool have_events, no_counters;
	struct cpu_clock *cpu; /* OBSERVED_CPUS of them, or NULL */
	uint32_t ncpus;
	bool clock_moved, clock_seen;
	uint64_t clock_first;
	uint64_t clocks;

	struct live *live;
	uint32_t nlive;
	struct temporal *rules;
	uint32_t nrules;
	size_t points, snapshots;
	bool full; /* a series would have had more points */
};

struct model;
struct raw;
struct rec_out;

#endif
