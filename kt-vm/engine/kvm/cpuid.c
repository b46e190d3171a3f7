// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUID of the kvm engine: the host's features, and the guest's own topology in
 * every leaf from which an operating system reads one:
 *
 *   both   1, 0xB    counts; threads and packages
 *   Intel  4, 0x1F   caches; threads, cores and dies, which are the LLCs
 *   AMD    0x80000008, 0x8000001D, 0x8000001E, 0x80000026: counts, caches, node;
 *          and the levels core, complex, die (both are the LLC) and socket
 *
 * What KVM could give but no guest of kt needs is hidden: nested virtualization,
 * performance counters, SGX, SEV, processor trace, AMX. Each is a surface to attack
 * and time in the guest's boot.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "array.h"
#include "cpuid.h"

enum {
	CACHES = 4,
	LEVELS = 0xb,
	DIE_LEVELS = 0x1f,
	AMD_CACHES = 0x8000001d,
	AMD_NODE = 0x8000001e,
	AMD_LEVELS = 0x80000026,
	KVM_FEATURES = 0x40000001,
};

enum { ADDED_MAX = 32 }; /* entries that a vCPU can have besides the host's */

/* One level of the topology: the width of an APIC id below it, and its CPUs. */
struct span {
	unsigned int shift, cpus;
};

struct build {
	struct cpuid *out;
	const struct cpu_place *place;
	struct span core, llc, package;
};

static struct kvm_cpuid_entry2 *find(struct cpuid *c, uint32_t function, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < c->nent && i < CPUID_MAX; i++)
		if (c->e[i].function == function &&
		    (!(c->e[i].flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) || c->e[i].index == index))
			return &c->e[i];
	return NULL;
}

const struct kvm_cpuid_entry2 *cpuid_find(const struct cpuid *c, uint32_t function, uint32_t index)
{
	return find((struct cpuid *)c, function, index);
}

static void add(struct build *b, uint32_t function, uint32_t index, uint32_t eax, uint32_t ebx,
		uint32_t ecx, uint32_t edx)
{
	b->out->e[b->out->nent++] = (struct kvm_cpuid_entry2){
		.function = function,
		.index = index,
		.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
		.eax = eax,
		.ebx = ebx,
		.ecx = ecx,
		.edx = edx,
	};
}

/* The entry of a function without subleaves: zeroes when the host has none. */
static struct kvm_cpuid_entry2 *leaf(struct build *b, uint32_t function)
{
	struct kvm_cpuid_entry2 *e = find(b->out, function, 0);

	if (!e) {
		e = &b->out->e[b->out->nent++];
		*e = (struct kvm_cpuid_entry2){ .function = function };
	}
	return e;
}

static uint32_t at_most(uint32_t v, uint32_t max)
{
	return v < max ? v : max;
}

/* Hygon's CPUs are AMD's in all that matters here. */
static bool is_amd(const struct kvm_cpuid_entry2 *vendor)
{
	return vendor &&
	       (vendor->ebx == 0x68747541 /* Auth */ || vendor->ebx == 0x6f677948 /* Hygo */);
}

/*
 * Linux takes bits 3 and up of the APIC id for the LLC of a Zen 1 or Hygon CPU, and
 * the node for that of older ones, unless there is no L3 in 0x80000006: then the
 * level of the complexes in 0x80000026 counts, as it should.
 */
static bool llc_is_guessed(struct cpuid *c)
{
	const struct kvm_cpuid_entry2 *vendor = find(c, 0, 0), *version = find(c, 1, 0);
	unsigned int family, model;

	if (!vendor || !version || vendor->ebx == 0x6f677948)
		return true;
	family = (version->eax >> 8) & 0xf;
	model = (version->eax >> 4 & 0xf) | (version->eax >> 12 & 0xf0);
	if (family == 0xf)
		family += version->eax >> 20 & 0xff;
	return family < 0x17 || (family == 0x17 && model <= 0x1f);
}

static bool is_topology(uint32_t function)
{
	return function == CACHES || function == LEVELS || function == DIE_LEVELS ||
	       function == AMD_CACHES || function == AMD_NODE || function == AMD_LEVELS;
}

/* All of the host's entries but those that say how its CPUs and caches lie. */
static void copy_host(struct cpuid *out, const struct cpuid *host)
{
	uint32_t i;

	out->nent = 0;
	out->padding = 0;
	for (i = 0; i < host->nent; i++)
		if (!is_topology(host->e[i].function))
			out->e[out->nent++] = host->e[i];
}

static void hide(struct cpuid *c)
{
	static const struct {
		uint32_t function, index, eax, ebx, ecx, edx;
	} hidden[] = {
		/* DTES64, VMX, PDCM; DS */
		{ 1, 0, 0, 0, 1 << 2 | 1 << 5 | 1 << 15, 1 << 21 },
		/* SGX, processor trace; SGX launch control; AMX */
		{ 7, 0, 0, 1 << 2 | 1 << 25, 1 << 30, 1 << 22 | 1 << 24 | 1 << 25 },
		{ 7, 1, 1 << 21, 0, 0, 1 << 8 }, /* AMX */
		{ 0xa, 0, ~0U, ~0U, ~0U, ~0U },  /* counters */
		{ 0x80000001, 0, 0, 0, 1 << 2 | 1 << 23 | 1 << 24 | 1 << 28,
		  0 },                                 /* SVM, counters */
		{ 0x8000000a, 0, ~0U, ~0U, ~0U, ~0U }, /* SVM */
		/* SEV: a guest that finds it reads an MSR that KVM has for guests with SEV only */
		{ 0x8000001f, 0, ~0U, ~0U, ~0U, ~0U },
		{ 0x80000022, 0, ~0U, ~0U, ~0U, ~0U }, /* counters */
	};
	struct kvm_cpuid_entry2 *e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hidden); i++) {
		e = find(c, hidden[i].function, hidden[i].index);
		if (!e)
			continue;
		e->eax &= ~hidden[i].eax;
		e->ebx &= ~hidden[i].ebx;
		e->ecx &= ~hidden[i].ecx;
		e->edx &= ~hidden[i].edx;
	}
}

/* Leaf 1, and the leaves behind it that the topology needs. */
static void put_counts(struct build *b, const struct cpuid_opts *o)
{
	enum { X2APIC = 1 << 21, TSC_DEADLINE = 1 << 24, HYPERVISOR = 1U << 31, HTT = 1 << 28 };
	struct kvm_cpuid_entry2 *max = leaf(b, 0), *e = leaf(b, 1);

	if (max->eax < DIE_LEVELS)
		max->eax = DIE_LEVELS;
	e->ebx = (e->ebx & 0xffff) | at_most(1U << b->package.shift, 255) << 16 |
		 (b->place->apic_id & 0xff) << 24;
	e->ecx |= X2APIC | HYPERVISOR;
	e->ecx &= ~(uint32_t)TSC_DEADLINE;
	if (o->tsc_deadline)
		e->ecx |= TSC_DEADLINE;
	e->edx &= ~(uint32_t)HTT;
	if (b->package.cpus > 1)
		e->edx |= HTT;
	e = find(b->out, KVM_FEATURES, 0);
	if (e && o->msi_ext_dest_id)
		e->eax |= 1 << 15; /* KVM_FEATURE_MSI_EXT_DEST_ID */
}

/* The caches of the tcg engine's CPUs. L1 and L2 belong to a core, L3 is the LLC. */
enum { LINE = 64, L1_KIB = 32, L1_WAYS = 8, L2_KIB = 4096, L3_KIB = 16384, WAYS = 16 };

static void put_caches(struct build *b, uint32_t function)
{
	static const struct {
		uint32_t type, level, kib, ways; /* types: 1 data, 2 instructions, 3 both */
	} caches[] = {
		{ 1, 1, L1_KIB, L1_WAYS },
		{ 2, 1, L1_KIB, L1_WAYS },
		{ 3, 2, L2_KIB, WAYS },
		{ 3, 3, L3_KIB, WAYS },
	};
	enum { SELF_INITIALIZING = 1 << 8, INCLUSIVE = 1 << 1 };
	uint32_t i, eax, cores = at_most(1U << (b->package.shift - b->core.shift), 64);

	for (i = 0; i < 4; i++) {
		const struct span *of = caches[i].level == 3 ? &b->llc : &b->core;

		/* as many ids as the field is wide: with holes in them that is no count of CPUs */
		eax = caches[i].type | caches[i].level << 5 | SELF_INITIALIZING |
		      ((1U << of->shift) - 1) << 14;
		if (function == CACHES)
			eax |= (cores - 1) << 26;
		add(b, function, i, eax, (LINE - 1) | (caches[i].ways - 1) << 22,
		    caches[i].kib * 1024 / LINE / caches[i].ways - 1,
		    caches[i].level == 3 ? INCLUSIVE : 0);
	}
	add(b, function, i, 0, 0, 0, 0);
}

/* A leaf of levels: each with its type, its CPUs, and the id of the next one up. */
static void put_levels(struct build *b, uint32_t function, const uint8_t *types,
		       const struct span *const *spans)
{
	uint32_t i;

	for (i = 0; types[i]; i++)
		add(b, function, i, spans[i]->shift, spans[i]->cpus, i | (uint32_t)types[i] << 8,
		    b->place->apic_id);
	add(b, function, i, 0, 0, i, b->place->apic_id);
}

static void put_intel(struct build *b)
{
	enum { SMT = 1, CORE = 2, DIE = 5 };
	static const uint8_t types[] = { SMT, CORE, DIE, 0 };
	const struct span *const spans[] = { &b->core, &b->llc, &b->package };

	put_caches(b, CACHES);
	put_levels(b, DIE_LEVELS, types, spans);
}

/* L1, L2 and L3 once more in AMD's first format, which C libraries still read. */
static void put_amd_sizes(struct build *b)
{
	const uint32_t l1 = L1_KIB << 24 | L1_WAYS << 16 | 1 << 8 | LINE;
	const uint32_t ways16 = 8 << 12, l2 = (uint32_t)L2_KIB << 16 | ways16 | 1 << 8 | LINE;
	const uint32_t l3 = (uint32_t)L3_KIB / 512 << 18 | ways16 | 1 << 8 | LINE;
	struct kvm_cpuid_entry2 *e = leaf(b, 0x80000005);

	e->ecx = e->edx = l1;
	e = leaf(b, 0x80000006);
	e->ecx = l2;
	e->edx = llc_is_guessed(b->out) ? 0 : l3;
}

static void put_amd(struct build *b)
{
	enum { CORE = 1, COMPLEX = 2, DIE = 3, SOCKET = 4 };
	enum { CMP_LEGACY = 1 << 1, TOPOEXT = 1 << 22 };
	static const uint8_t types[] = { CORE, COMPLEX, DIE, SOCKET, 0 };
	const struct span *const spans[] = { &b->core, &b->llc, &b->llc, &b->package };
	struct kvm_cpuid_entry2 *e = leaf(b, 0x80000000);
	uint32_t id = b->place->apic_id;

	if (e->eax < AMD_LEVELS)
		e->eax = AMD_LEVELS;
	e = leaf(b, 0x80000001);
	e->ecx = (e->ecx & ~(uint32_t)CMP_LEGACY) | TOPOEXT;
	if (b->package.cpus > 1)
		e->ecx |= CMP_LEGACY;
	e = find(b->out, 7, 0);
	if (e)
		e->edx &=
			~(1U << 29); /* ARCH_CAPABILITIES: KVM emulates it, but only Intel has it */
	e = leaf(b, 0x80000008);
	e->ecx = at_most(b->package.cpus - 1, 255) | b->package.shift << 12;
	put_amd_sizes(b);
	put_caches(b, AMD_CACHES);
	/* one node a processor; core ids count within the package and repeat after 256 */
	e = leaf(b, AMD_NODE);
	e->eax = id;
	e->ebx = ((id & ((1U << b->package.shift) - 1)) >> b->core.shift & 0xff) |
		 (b->core.cpus - 1) << 8;
	e->ecx = b->place->node;
	put_levels(b, AMD_LEVELS, types, spans);
}

int cpuid_vcpu(struct cpuid *out, const struct cpuid *host, const struct cpuid_opts *o,
	       const struct cpu_place *p)
{
	static const uint8_t types[] = { 1 /* SMT */, 2 /* core */, 0 };
	struct build b = { .out = out, .place = p };
	const struct span *const spans[] = { &b.core, &b.package };
	const struct topo *t = &o->topo;
	unsigned int llcs = t->llcs / t->nodes;

	if (host->nent > CPUID_MAX - ADDED_MAX)
		return -E2BIG;
	b.core = (struct span){ topo_bits(t->threads), t->threads };
	b.llc = (struct span){ b.core.shift + topo_bits(t->cores), b.core.cpus * t->cores };
	b.package = (struct span){ b.llc.shift + topo_bits(llcs), b.llc.cpus * llcs };
	copy_host(out, host);
	hide(out);
	put_counts(&b, o);
	put_levels(&b, LEVELS, types, spans);
	if (is_amd(find(out, 0, 0)))
		put_amd(&b);
	else
		put_intel(&b);
	return 0;
}

int cpuid_supported(int kvm, struct cpuid *host, struct errbuf *e)
{
	host->nent = CPUID_MAX;
	host->padding = 0;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, host) == 0)
		return 0;
	return errbuf_set(e, -errno, "KVM does not tell which CPU it offers: %s", strerror(errno));
}
