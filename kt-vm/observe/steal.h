/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_STEAL_H
#define KT_VM_OBSERVE_STEAL_H

#include "engine/engine.h"
#include "kernel/jtext.h"

/*
 * What the host has withheld from each vCPU, in slices of time: its thread's wait time is asked
 * for again and again. The host's kernel counts a wait when it is over: a slice may begin before
 * the sample that it comes after.
 */
#define STEAL_SLICE_NS (10 * NSEC_PER_MSEC)
#define STEAL_AT_ONCE  32 /* vCPUs: of more, the slices are longer */
#define STEAL_MIN_NS   NSEC_PER_MSEC
#define STEAL_SLICES   16 /* of a vCPU, between two samples; then the last one grows */

struct steal_vcpu;

struct steal {
	struct steal_vcpu *vcpu; /* NULL: not begun */
	unsigned int vcpus;
	uint64_t slice_ns, polled_ns, next_ns;
	bool failed; /* the host does not tell */
};

/* For so many vCPUs. 0 or -ENOMEM. */
int steal_init(struct steal *s, unsigned int vcpus);
void steal_free(struct steal *s);
/* Looks at the threads, by the clock of records. */
void steal_poll(struct steal *s, const struct engine_ops *engine, void *self, uint64_t now_ns);
/* The columns vcpu_ns and steal_ns, of the last poll; none where the host does not tell. */
void steal_columns(const struct steal *s, struct jtext *t);
/* The member "steal" of a sample: the slices since the last one. */
void steal_slices(struct steal *s, struct jtext *t);

#endif
