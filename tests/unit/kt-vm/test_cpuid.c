// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/cpuid.c kt-topo/acpi.c kt-topo/aml.c kt-topo/apicid.c kt-topo/dsdt.c
// LINK: kt-topo/hmat.c kt-topo/memory.c
/*
 * Every vCPU of every preset, and of specs that are odd, is decoded from its CPUID as
 * Linux does it, and with the MADT and SRAT compared with what was asked for.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "kt-topo/acpi.h"
#include "kt-topo/apicid.h"
#include "kt-topo/tables.h"
#include "cpuid_hosts.h"
#include "linux_cpuid.h"
#include "unit.h"

/* ---- the comparison ------------------------------------------------------------------- */

typedef void spoil_fn(struct cpuid *c, unsigned int cpu);

static struct seen seen[TOPO_MAX_CPUS];
static unsigned int wrong;

static void expect(bool ok, const char *what, unsigned int cpu)
{
	if (!ok && wrong++ == 0)
		printf("# CPU %u: %s\n", cpu, what);
}

static void compare_one(const struct topo *t, unsigned int cpu)
{
	const struct seen *s = &seen[cpu];
	unsigned int llcs = t->llcs / t->nodes;
	unsigned int die = topo_node(t, cpu) << order(llcs) | topo_llc(t, cpu) % llcs;
	static const unsigned int level[] = { 1, 1, 2, 3 }, type[] = { 1, 2, 3, 3 };
	unsigned int i;

	expect(!s->cut, "its leaves contradict each other", cpu);
	expect(s->apicid == apicid(t, cpu), "APIC id", cpu);
	expect(s->pkg == topo_node(t, cpu), "package id", cpu);
	expect(s->die == die, "die id", cpu);
	expect(!s->amd || s->node == topo_node(t, cpu), "AMD's node id", cpu);
	expect((s->apicid & ((1U << s->shift[SMT]) - 1)) == topo_thread(t, cpu), "thread", cpu);
	expect((s->core & ((1U << order(t->cores)) - 1)) == topo_core(t, cpu), "core", cpu);
	expect(!memcmp(s->shift, seen[0].shift, sizeof(s->shift)), "other shifts than CPU 0", cpu);
	expect(s->caches == 4, "number of caches", cpu);
	for (i = 0; i < 4; i++)
		expect(s->level[i] == level[i] && s->type[i] == type[i], "order of caches", cpu);
	expect(s->kib[0] == 32 && s->kib[1] == 32 && s->kib[2] == 4096 && s->kib[3] == 16384,
	       "cache sizes", cpu);
}

static void compare_pair(const struct topo *t, unsigned int x, unsigned int y)
{
	const struct seen *a = &seen[x], *b = &seen[y];
	bool llc = topo_llc(t, x) == topo_llc(t, y);
	bool core = llc && topo_core(t, x) == topo_core(t, y);
	unsigned int i;

	expect((a->pkg == b->pkg) == (topo_node(t, x) == topo_node(t, y)), "package", x);
	expect((a->pkg == b->pkg && a->die == b->die) == llc, "die", x);
	expect((a->llc == b->llc) == llc, "LLC", x);
	expect(same_smt(a, b) == core, "SMT siblings", x);
	for (i = 0; i < 3; i++)
		expect(same_cache(a, b, i) == core, "L1 and L2", x);
	expect(same_cache(a, b, 3) == llc, "L3", x);
}

/* Decodes all CPUs of the topology; how much is wrong. */
static unsigned int mismatches(const struct topo *t, const struct host *h, spoil_fn *spoil)
{
	struct cpuid_opts o = { .topo = *t, .tsc_deadline = true };
	static struct cpuid host, c;
	unsigned int x, y, n = topo_cpus(t);

	host_make(h, &host);
	wrong = 0;
	for (x = 0; x < n; x++) {
		struct cpu_place p = { x,
				       apicid(t, x),
				       topo_node(t, x),
				       topo_llc(t, x),
				       topo_core(t, x),
				       topo_thread(t, x) };

		expect(cpuid_vcpu(&c, &host, &o, &p) == 0, "no entries", x);
		if (spoil)
			spoil(&c, x);
		seen[x] = decode(&c);
		/* the short form of the id and of the count */
		expect(get(&c, 1, 0).ebx >> 24 == (p.apic_id & 0xff), "leaf 1", x);
		compare_one(t, x);
	}
	for (x = 0; x < n; x++)
		for (y = 0; y < n; y++)
			compare_pair(t, x, y);
	return wrong;
}

static const char *const odd[] = {
	"1l1c1t",     "1l1c2t",    "1l2c1t",     "3l1c1t",       "3n3l1c1t",
	"2n6l5c3t",   "1l1c3t",    "5n5l7c3t",   "7n21l3c2t",    "1l1024c1t",
	"1024l1c1t",  "1l1c1024t", "64n64l8c2t", "64n1024l1c1t", "33l31c1t",
	"16n64l4c4t", "1l341c3t",  "3n9l37c3t",  "2n32l16c2t",   "63n63l5c3t",
};
#define ODD   (sizeof(odd) / sizeof(odd[0]))
#define HOSTS (sizeof(hosts) / sizeof(hosts[0]))

static void all_hosts(const char *spec)
{
	struct errbuf e;
	struct topo t;
	unsigned int i, n;

	CHECK_INT(topo_parse(spec, &t, NULL, &e), 0);
	for (i = 0; i < HOSTS; i++) {
		n = mismatches(&t, &hosts[i], NULL);
		if (n)
			printf("# %s on %s: %u wrong\n", spec, hosts[i].name, n);
		CHECK_INT(n, 0);
	}
}

TEST(presets)
{
	const struct topo_preset *p;
	unsigned int n = 0;

	for (p = topo_presets; p->name; p++, n++)
		all_hosts(p->spec);
	CHECK_INT(n, 24);
}

TEST(odd_specs)
{
	unsigned int i;

	for (i = 0; i < ODD; i++)
		all_hosts(odd[i]);
}

/* ---- the ACPI tables name the same ids ------------------------------------------------- */

static const uint8_t *table(const struct acpi *a, const char *signature, const uint8_t **end)
{
	unsigned int i;

	for (i = 0; i < a->tables; i++)
		if (!strcmp(a->table[i].signature, signature)) {
			*end = a->image + a->table[i].offset + a->table[i].length;
			return a->image + a->table[i].offset;
		}
	exit(1);
}

/* Linux numbers CPUs in the order of the MADT, and finds their nodes in the SRAT by APIC id. */
static void tables_of(const char *spec)
{
	static struct acpi a;
	static struct memory m;
	static int node_of[65536];
	const uint8_t *p, *end;
	unsigned int cpu = 0, srat = 0;
	struct errbuf e;
	struct topo t;

	CHECK_INT(topo_parse(spec, &t, NULL, &e), 0);
	CHECK_INT(mismatches(&t, &hosts[0], NULL), 0);
	memory_map(&m, &t, 0);
	CHECK_INT(acpi_build(&a, &t, &m), 0);
	memset(node_of, 0xff, sizeof(node_of));
	for (p = table(&a, "SRAT", &end) + sizeof(struct acpi_srat); p < end; p += p[1]) {
		const struct acpi_srat_lapic *l = (const void *)p;
		const struct acpi_srat_x2apic *x = (const void *)p;

		if (p[0] == 0 && l->flags & 1 && ++srat)
			node_of[l->apic_id] = l->node_low;
		if (p[0] == 2 && x->flags & 1 && ++srat)
			node_of[x->apic_id & 0xffff] = (int)x->node;
	}
	for (p = table(&a, "APIC", &end) + sizeof(struct acpi_madt); p < end; p += p[1]) {
		const struct acpi_madt_lapic *l = (const void *)p;
		const struct acpi_madt_x2apic *x = (const void *)p;
		uint32_t id = p[0] == 9 ? x->apic_id : l->apic_id;

		if ((p[0] != 0 && p[0] != 9) || cpu >= topo_cpus(&t))
			continue;
		CHECK_INT(id, seen[cpu].apicid);
		CHECK_INT(node_of[id & 0xffff], seen[cpu].pkg);
		cpu++;
	}
	CHECK_INT(cpu, topo_cpus(&t));
	CHECK_INT(srat, topo_cpus(&t));
}

TEST(acpi_tables)
{
	const struct topo_preset *p;
	unsigned int i;

	for (p = topo_presets; p->name; p++)
		tables_of(p->spec);
	for (i = 0; i < ODD; i++)
		tables_of(odd[i]);
}

/* ---- the comparison finds faults -------------------------------------------------------- */

static unsigned int function, field_index;
static uint32_t flip;

/* Of CPU 9 alone: the last one of its LLC in 2n4l5c2t. */
static void flip_eax(struct cpuid *c, unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < c->nent && cpu == 9; i++)
		if (c->e[i].function == function && c->e[i].index == field_index)
			c->e[i].eax ^= flip;
}

static void flip_edx(struct cpuid *c, unsigned int cpu)
{
	unsigned int i;

	(void)cpu;
	for (i = 0; i < c->nent; i++)
		if (c->e[i].function == function && c->e[i].index == field_index)
			c->e[i].edx ^= flip;
}

static void finds(const struct host *h, uint32_t fn, unsigned int index, uint32_t bits,
		  spoil_fn *how)
{
	const struct topo t = { 2, 4, 5, 2 };

	function = fn;
	field_index = index;
	flip = bits;
	CHECK(mismatches(&t, h, how) > 0);
}

TEST(faults_are_found)
{
	const struct host *intel = &hosts[0], *zen1 = &hosts[3], *zen4 = &hosts[5];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		finds(intel, 0x1f, i, 1, flip_eax);
		finds(intel, 0x1f, i, 1, flip_edx);
	}
	for (i = 0; i < 4; i++) {
		finds(zen4, 0x80000026, i, 1, flip_eax);
		finds(intel, 4, i, 1 << 17, flip_eax);
		finds(zen4, 0x8000001d, i, 1 << 17, flip_eax);
	}
	finds(zen1, 0x80000006, 0, 0x8009140, flip_edx);
	finds(zen4, 0x8000001e, 0, 1, flip_eax);
}

/* ---- features ----------------------------------------------------------------------------- */

static struct cpuid made(const struct host *h, const char *spec, bool deadline, bool ext_dest)
{
	struct cpuid_opts o = { .tsc_deadline = deadline, .msi_ext_dest_id = ext_dest };
	struct cpu_place p = { 0 };
	struct cpuid host, c;
	struct errbuf e;

	CHECK_INT(topo_parse(spec, &o.topo, NULL, &e), 0);
	host_make(h, &host);
	CHECK_INT(cpuid_vcpu(&c, &host, &o, &p), 0);
	return c;
}

TEST(features)
{
	struct cpuid c = made(&hosts[0], "1l1c1t", true, false);

	/* hypervisor, x2APIC and TSC deadline; no VMX and no counters; HTT is for several CPUs */
	CHECK_INT(get(&c, 1, 0).ecx & (1U << 31 | 1 << 24 | 1 << 21 | 1 << 15 | 1 << 5),
		  1U << 31 | 1 << 24 | 1 << 21);
	CHECK_INT(get(&c, 1, 0).edx >> 28 & 1, 0);
	CHECK_INT(get(&c, 1, 0).ebx, 0x00010800);
	CHECK_INT(get(&c, 0xa, 0).eax | get(&c, 0xa, 0).edx, 0);
	CHECK_INT(get(&c, 7, 0).ebx >> 25 & 1, 0); /* processor trace */
	CHECK_INT(get(&c, 7, 0).ebx >> 5 & 1, 1);  /* AVX2 stays */
	CHECK_INT(get(&c, 7, 0).edx >> 29 & 1, 1);
	CHECK_INT(get(&c, 0xd, 0).ebx, 0x340);
	CHECK_INT(get(&c, 0x40000000, 0).ebx, 0x4b4d564b);
	CHECK_INT(get(&c, 0x40000001, 0).eax, 0x1007efb & ~(1 << 15));
	c = made(&hosts[0], "1l1c2t", false, true);
	CHECK_INT(get(&c, 1, 0).ecx >> 24 & 1, 0);
	CHECK_INT(get(&c, 1, 0).edx >> 28 & 1, 1);
	CHECK_INT(get(&c, 1, 0).ebx, 0x00020800);
	CHECK_INT(get(&c, 0x40000001, 0).eax >> 15 & 1, 1);
	c = made(&hosts[5], "2n4l8c2t", true, false);
	CHECK_INT(get(&c, 0, 0).ebx, 0x68747541);
	CHECK_INT(get(&c, 0x80000001, 0).ecx >> 1 & 3, 1); /* several CPUs, and no SVM */
	CHECK_INT(get(&c, 0x8000000a, 0).edx, 0);
	CHECK_INT(get(&c, 7, 0).edx >> 29 & 1, 0); /* Intel's ARCH_CAPABILITIES */
	/* SEV: Linux would read its MSR, which KVM does not have, before it can take a fault */
	CHECK_INT(get(&c, 0x8000001f, 0).eax | get(&c, 0x8000001f, 0).ebx, 0);
	CHECK_INT(get(&c, 0x80000008, 0).ecx, 5 << 12 | 31);
	CHECK_INT(get(&c, 0x8000001e, 0).ebx, 1 << 8);
	c = made(&hosts[5], "1l1024c1t", true, false);
	CHECK_INT(get(&c, 0x80000008, 0).ecx, 10 << 12 | 255);
	CHECK_INT(get(&c, 1, 0).ebx, 0x00ff0800);
}

/* KVM and guests take the first of two: nothing of the host's own topology may be left. */
TEST(no_entry_twice)
{
	unsigned int h, i, j;

	for (h = 0; h < HOSTS; h++) {
		struct cpuid c = made(&hosts[h], "2n4l8c2t", true, true);

		for (i = 0; i < c.nent; i++)
			for (j = 0; j < i; j++)
				CHECK(c.e[i].function != c.e[j].function ||
				      (c.e[i].flags && c.e[i].index != c.e[j].index));
	}
}

TEST(too_many_entries)
{
	struct cpuid_opts o = { .topo = { 1, 1, 1, 1 } };
	struct cpu_place p = { 0 };
	struct cpuid host = { .nent = CPUID_MAX }, c;

	CHECK_INT(cpuid_vcpu(&c, &host, &o, &p), -E2BIG);
}

UNIT_MAIN(T(presets), T(odd_specs), T(acpi_tables), T(faults_are_found), T(features),
	  T(no_entry_twice), T(too_many_entries))
