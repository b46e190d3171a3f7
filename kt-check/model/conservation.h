/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_CONSERVATION_H
#define KT_CHECK_MODEL_CONSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "read/raw.h"
#include "units.h"

#define LOST_OFTEN_PCT  40                    /* of the samples of a step, which are at least */
#define LOST_STRETCH_NS (250 * NSEC_PER_MSEC) /* one stretch that is too long */
#define LOST_SHARE_PCT  10                    /* of a CPU's time in a step, with at least */

/*
 * CPUs that idle while a task waits that may run there. A sample proves it of the time just
 * before it: as long as the CPU has been idle and the task has waited.
 */

/* A proven stretch of one CPU. `net_ns` of it is left when the host's part is taken away. */
struct lost_stretch {
	int64_t from, to;
	uint64_t net_ns;
};

/* A CPU that did not stop idling, with a task that waited in each of some samples in a row. */
struct lost_roll {
	int64_t from, to;
	uint32_t samples, hits; /* hits: those that the host does not explain */
};

/* One CPU in one step. */
struct lost_cpu {
	struct lost_stretch now, longest;  /* longest: by what is left, */
	struct lost_stretch longest_gross; /* and as it was seen */
	uint64_t ns, net_ns;               /* of all stretches together */
	struct lost_roll roll, longest_roll;
};

/* What is told of a violation, or of one that the host may have made. */
struct lost_case {
	bool any;
	enum lost_kind { LOST_OFTEN, LOST_SHARE, LOST_STRETCH, LOST_ROLL } kind;
	int64_t step;
	uint32_t cpu, cpus; /* the worst one, and how many are like it */
	uint64_t ns, of_ns; /* lost, of so much time */
	uint32_t hits, samples;
	int64_t from, to; /* what to ask the host about */
	struct raw_who worst;
};

/* A CPU that idled beside a task. The host tells only later what it withheld: it waits for that. */
struct lost_proof {
	uint32_t cpu;
	uint64_t ns, idle_ns; /* proven, and that the CPU has idled */
	struct raw_who task;
};

struct lost_sample {
	int64_t t_ns, step;
	uint32_t proofs; /* of it, those of one CPU together */
};

#define LOST_PROOFS  (1U << 18) /* that are kept, of so many samples */
#define LOST_SAMPLES (1U << 20)
#define LOST_TASKS   3 /* of one CPU in one sample, waiting on as many other CPUs */

/* One step, as it is weighed. */
struct lost_step {
	int64_t step, begin, last, end; /* of its samples; last: the one before the end */
	uint32_t samples, hits, gross_hits;
	uint32_t hit_cpu[RAW_CPUS]; /* samples in which the CPU was one of those */
	struct lost_cpu cpu[RAW_CPUS];
	struct raw_who worst; /* task of the step that waited longest so */
};

struct conservation {
	bool have; /* a sample told of waiting tasks and of idle CPUs */
	bool full; /* there was more than is kept */
	struct lost_sample *samples;
	uint32_t nsamples, samples_cap;
	struct lost_proof *proofs;
	uint32_t nproofs, proofs_cap;
	struct lost_step *now;
	struct lost_case fail, host;
	uint64_t total_ns;
};

struct model;

/* A sample while a step runs; 0 or -ENOMEM. */
int conservation_sample(struct model *m, const struct raw *r);
/* After the last record, when all is known of the host; 0 or -ENOMEM. */
int conservation_close(struct model *m);
void conservation_free(struct conservation *s);

#endif
