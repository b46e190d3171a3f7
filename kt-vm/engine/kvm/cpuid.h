/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_CPUID_H
#define KT_VM_ENGINE_KVM_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>

#include "errbuf.h"
#include "machine/machine.h"
#include "topo.h"

/*
 * What CPUID answers on each vCPU of the kvm engine: what the host's KVM offers,
 * with the topology of the guest put in. The vendor stays the host's. Linux reads
 * from it what it reads on the tcg engine: package = node, die = LLC, core, thread.
 *
 * All cache sizes are those of the tcg engine: the guest sees nothing of the host's.
 */
#define CPUID_MAX 256 /* KVM takes no more */

/* Laid out as struct kvm_cpuid2, so that `&c` may be given to the ioctls. */
struct cpuid {
	uint32_t nent, padding;
	struct kvm_cpuid_entry2 e[CPUID_MAX];
};

struct cpuid_opts {
	struct topo topo;
	bool tsc_deadline;    /* KVM_CAP_TSC_DEADLINE_TIMER, with an in-kernel local APIC */
	bool msi_ext_dest_id; /* a claim that APIC ids above 254 need: Linux uses them only then */
};

/* KVM_GET_SUPPORTED_CPUID of /dev/kvm: 0 or -errno. */
int cpuid_supported(int kvm, struct cpuid *host, struct errbuf *e);

/*
 * The entries of one vCPU, ready for KVM_SET_CPUID2. Pure and without allocation:
 * vCPU threads may call it side by side. 0, or -E2BIG when they do not fit.
 */
int cpuid_vcpu(struct cpuid *out, const struct cpuid *host, const struct cpuid_opts *o,
	       const struct cpu_place *p);

/* The entry that the guest gets for (function, index), or NULL: zeroes. */
const struct kvm_cpuid_entry2 *cpuid_find(const struct cpuid *c, uint32_t function, uint32_t index);

#endif
