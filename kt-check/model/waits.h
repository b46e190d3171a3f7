/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_WAITS_H
#define KT_CHECK_MODEL_WAITS_H

#include <stdbool.h>
#include <stdint.h>

#include "read/raw.h"
#include "units.h"

#define WAITS_ROUNDS        5
#define WAITS_SLICE_EXT     (20.0 * NSEC_PER_MSEC) /* what sched_ext gives by default */
#define WAITS_SLICE_FAIR    (4.0 * NSEC_PER_MSEC)  /* EEVDF's, or one tick at 250 Hz */
#define WAITS_STRAY_SAMPLES 3

/* How long tasks waited for a CPU, and which ran where they may not, as samples tell. */
#define WAITS_RING 128 /* samples back that are known */

/* A wait that was too long: against its bound, and what else may have made it so. */
struct long_wait {
	bool any;
	struct raw_who task;
	struct cpulist cpus; /* that it may use */
	int64_t t_ns;
	double bound_ns, gross_ns, net_ns;
	uint32_t contenders;
	uint64_t idle_ns;      /* a CPU that it may use idled for so long */
	uint64_t higher_ns;    /* its CPU ran tasks of a higher class for so long, */
	enum raw_class higher; /* the last of which was this one */
	char higher_comm[RAW_COMM];
	int64_t vcpu; /* that the host withheld most, or -1 */
};

/* A task outside its mask, on one CPU. */
struct strayed {
	int64_t pid, t_ns;
	uint32_t samples; /* in a row */
};

/* Two samples in a row of it. */
struct stray_pair {
	int64_t pid, from, to;
	uint32_t cpu;
	char comm[RAW_COMM];
};

#define WAITS_KEPT 1024 /* long waits, and pairs: the host tells only later what it withheld */

struct waits {
	bool have, have_outside;
	uint64_t samples;
	uint32_t n; /* samples that the rings have had */
	int64_t t[WAITS_RING];
	uint32_t running[WAITS_RING][RAW_CPUS];
	bool idle[WAITS_RING][RAW_CPUS];
	uint64_t higher[2][WAITS_RING][RAW_CPUS]; /* so long so far: than fair, than ext */
	uint32_t ncpus;
	double heaviest;   /* load weight seen of a task that is no kernel thread */
	double longest_ns; /* of all waits, with what others made of it taken away */
	struct raw_who longest;
	struct long_wait fail, host, above;
	struct long_wait kept[WAITS_KEPT];
	uint32_t nkept;
	struct strayed now[RAW_CPUS], worst;
	struct stray_pair pairs[WAITS_KEPT];
	uint32_t npairs;
	uint32_t worst_cpu;
	char worst_comm[RAW_COMM];
};

struct model;

void waits_sample(struct model *m, const struct raw *r);
/* After the last record, when all is known of the host. */
void waits_close(struct model *m);

#endif
