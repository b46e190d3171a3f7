/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_HOST_H
#define KT_CHECK_MODEL_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpulist.h"

/*
 * What the host withheld from each vCPU, as samples tell it: an upper bound for every
 * window of time. A check that a scheduler would fail takes it away first.
 */
#define HOST_CELLS  (1U << 24) /* samples times vCPUs that are kept, */
#define HOST_SLICES (1U << 22) /* and slices: an end to what a hostile stream can make us keep */

/* Clocks of guest and host are compared no finer: a window by the guest's may lie this much off. */
#define HOST_SLACK_NS 5000000

/* A stretch of time of which the host kept `ns` from a vCPU; `before` is the sum of those before.
 */
struct host_slice {
	int64_t from, to;
	uint64_t ns, before;
};

struct host_slices {
	struct host_slice *s;
	size_t n, cap;
};

/* Counters of one vCPU in one sample; UINT64_MAX: the sample does not say. */
struct host_counters {
	uint64_t run, steal, idle;
};

struct host_vcpu {
	struct host_counters last;
	struct host_slices slices;
	uint64_t total, unrun;   /* withheld and not run up to the last sample, */
	uint64_t fine, fine_was; /* and as slices tell, up to the last one and the one before */
	bool known;
};

struct host_model {
	uint32_t ncpus;
	size_t n, cap;   /* samples */
	int64_t *t;      /* of each */
	uint64_t *total; /* withheld up to then, beyond what slices tell; ncpus of each sample */
	uint64_t *unrun; /* and not run, for whatever reason: it was withheld no more than that */
	struct host_vcpu *vcpu;
	size_t nslices;
	bool full;         /* there was more than is kept */
	int64_t offset_ns; /* of t_ns over guest_ns; valid when have_offset */
	bool have_offset;
	double load[3];
	bool have_load;
	char engine[16];
	int64_t cpus, vcpus; /* of the host and of the guest, 0: not known */
};

struct model;

/*
 * Nanoseconds of [from, to) (t_ns clock) that vCPU `cpu` was not run though it was to: an
 * upper bound, never more than to - from. cpu -1: the worst vCPU. 0 where nothing is known.
 */
uint64_t host_withheld(const struct model *m, int64_t cpu, int64_t from_ns, int64_t to_ns);
/* As host_withheld(), summed over the CPUs of a list. */
uint64_t host_withheld_cpus(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
			    int64_t to_ns);
/* The most of one CPU of the list (NULL: of any), and which it is (-1: nothing was withheld). */
uint64_t host_most(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
		   int64_t to_ns, int64_t *cpu);
/* The longest single stretch of theft in the window, of any CPU of the list (NULL: of any). */
uint64_t host_burst(const struct model *m, const struct cpulist *cpus, int64_t from_ns,
		    int64_t to_ns);
/* Whether anything is known: false for streams without samples of vCPUs (nothing is forgiven). */
bool host_known(const struct model *m);
/* A moment of the guest's clock as t_ns. */
int64_t host_time(const struct model *m, int64_t guest_ns);
/* "vCPU 1 was not run for 1073ms of the 1899ms from 1.0s on", 1.0s into the workload; returns buf.
 */
#define HOST_WORDS 128
const char *host_words(const struct model *m, int64_t cpu, int64_t from_ns, int64_t to_ns,
		       char buf[HOST_WORDS]);

/* A sample's counters of `n` vCPUs; 0 or -ENOMEM. */
int host_add(struct host_model *h, int64_t t_ns, const struct host_counters *c, uint32_t n);
/* A slice of a vCPU, before host_add() of its sample; those of one vCPU in order of time. */
int host_add_slice(struct host_model *h, uint32_t cpu, int64_t from_ns, int64_t to_ns, uint64_t ns);
/* A record that left the guest at guest_ns came at t_ns. */
void host_clock(struct host_model *h, int64_t t_ns, int64_t guest_ns);
void host_free(struct host_model *h);

#endif
