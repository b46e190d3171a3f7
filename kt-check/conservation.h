/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_CONSERVATION_H
#define KT_CHECK_CONSERVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "raw.h"

/*
 * CPUs that idle while a task waits that may run there. A sample proves it of the time just
 * before it: as long as the CPU has been idle and the task has waited.
 */

/* A proven stretch of one CPU. `net_ns` of it is left when the host's part is taken away. */
struct lost_stretch {
	int64_t from, to;
	uint64_t net_ns;
};

/* One CPU in one step. */
struct lost_cpu {
	struct lost_stretch now, longest;  /* longest: by what is left, */
	struct lost_stretch longest_gross; /* and as it was seen */
	uint64_t ns, net_ns;               /* of all stretches together */
};

/* What is told of a violation, or of one that the host may have made. */
struct lost_case {
	bool any;
	enum lost_kind { LOST_STRETCH, LOST_SHARE, LOST_OFTEN } kind;
	int64_t step;
	uint32_t cpu, cpus; /* the worst one, and how many are like it */
	uint64_t ns, of_ns; /* lost, of so much time */
	uint32_t hits, samples;
	int64_t from, to; /* what to ask the host about */
	struct raw_task worst;
};

struct conservation {
	bool have;          /* a sample told of waiting tasks and of idle CPUs */
	bool open;          /* a step is counted */
	int64_t step;       /* that is counted */
	int64_t begin, end; /* of its samples */
	uint32_t samples, hits, gross_hits;
	uint32_t hit_cpu[RAW_CPUS]; /* samples in which the CPU was one of those */
	struct lost_cpu cpu[RAW_CPUS];
	struct raw_task worst; /* task of the step that waited longest so */
	struct lost_case fail, host;
	uint64_t total_samples, total_ns;
};

struct model;

/* A sample while a step runs. */
void conservation_sample(struct model *m, const struct raw *r);
/* After the last one. */
void conservation_close(struct model *m);

#endif
