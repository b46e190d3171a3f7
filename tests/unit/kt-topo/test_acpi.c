// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-topo/acpi.c kt-topo/aml.c kt-topo/apicid.c kt-topo/dsdt.c kt-topo/hmat.c
// LINK: kt-topo/memory.c
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "kt-topo/acpi.h"
#include "kt-topo/aml.h"
#include "kt-topo/apicid.h"
#include "kt-topo/hmat.h"
#include "kt-topo/tables.h"
#include "unit.h"

static struct topo t;
static struct memory m;
static struct acpi a;

static void build(const char *spec, unsigned int mib)
{
	struct errbuf e;

	CHECK_INT(topo_parse(spec, &t, NULL, &e), 0);
	memory_map(&m, &t, mib);
	CHECK_INT(acpi_build(&a, &t, &m), 0);
}

static const struct acpi_table *table(const char *signature)
{
	unsigned int i;

	for (i = 0; i < a.tables; i++)
		if (!strcmp(a.table[i].signature, signature))
			return &a.table[i];
	printf("# no table %s\n", signature);
	exit(1);
}

static const void *bytes(const char *signature)
{
	return a.image + table(signature)->offset;
}

static unsigned int sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

/* Counts the entries of `type` in a table whose entries start at `first`; `visit` sees each. */
static unsigned int entries(const char *signature, size_t first, unsigned int type,
			    void (*visit)(const uint8_t *entry, unsigned int n))
{
	const struct acpi_table *tab = table(signature);
	const uint8_t *p = a.image + tab->offset;
	unsigned int n = 0;
	size_t at;

	for (at = first; at < tab->length; at += p[at + 1]) {
		CHECK(p[at + 1] >= 6 && at + p[at + 1] <= tab->length);
		if (p[at + 1] < 6)
			break;
		if (p[at] != type)
			continue;
		if (visit)
			visit(p + at, n);
		n++;
	}
	return n;
}

#define MADT(type, visit) entries("APIC", sizeof(struct acpi_madt), type, visit)
#define SRAT(type, visit) entries("SRAT", sizeof(struct acpi_srat), type, visit)

/* Bit fields side by side, as CPUID's package, die, core and thread are. */
TEST(apic_ids)
{
	struct errbuf e;

	topo_parse("1n2l2c2t", &t, NULL, &e);
	CHECK_INT(apicid(&t, 0), 0);
	CHECK_INT(apicid(&t, 7), 7);
	topo_parse("1n3l3c1t", &t, NULL, &e); /* two bits for three */
	CHECK_INT(apicid(&t, 2), 2);
	CHECK_INT(apicid(&t, 3), 4);
	CHECK_INT(apicid(&t, 8), 10);
	topo_parse("3n9l5c1t", &t, NULL, &e); /* node 2 bits, llc 2, core 3 */
	CHECK_INT(apicid(&t, 4), 4);
	CHECK_INT(apicid(&t, 5), 8);
	CHECK_INT(apicid(&t, 15), 32);         /* first of node 1 */
	CHECK_INT(apicid(&t, 44), 0x54);       /* 10 10 100 */
	topo_parse("1n14l9c2t", &t, NULL, &e); /* 252 CPUs, llc 4 bits, core 4, thread 1 */
	CHECK_INT(apicid(&t, 251), 13 << 5 | 8 << 1 | 1);
}

TEST(apic_ids_ascend)
{
	const struct topo_preset *p;
	struct errbuf e;
	unsigned int cpu;

	for (p = topo_presets; p->name; p++) {
		topo_parse(p->name, &t, NULL, &e);
		for (cpu = 1; cpu < topo_cpus(&t); cpu++)
			CHECK(apicid(&t, cpu) > apicid(&t, cpu - 1));
	}
}

static uint64_t end_of(unsigned int i)
{
	return m.range[i].gpa + m.range[i].length;
}

TEST(memory_floor)
{
	struct errbuf e;

	topo_parse("1l1c1t", &t, NULL, &e);
	CHECK_INT(memory_effective(&t, 1), 256);
	CHECK_INT(memory_effective(&t, 2048), 2048);
	topo_parse("max-cpu", &t, NULL, &e);
	CHECK_INT(memory_effective(&t, 4096), 252 * 64);
}

TEST(memory_ranges)
{
	build("1n2l2c1t", 2048); /* exactly up to the hole */
	CHECK_INT(m.ranges, 1);
	CHECK_INT(m.range[0].gpa, 0);
	CHECK_INT(m.range[0].length, 2LL << 30);
	build("1n2l2c1t", 3072); /* one node on both sides */
	CHECK_INT(m.ranges, 2);
	CHECK_INT(end_of(0), 2LL << 30);
	CHECK_INT(m.range[1].gpa, 4LL << 30);
	CHECK_INT(m.range[1].length, 1LL << 30);
	build("2n2l2c1t", 4096); /* one node on each side */
	CHECK_INT(m.ranges, 2);
	CHECK_INT(m.range[0].node, 0);
	CHECK_INT(end_of(0), 2LL << 30);
	CHECK_INT(m.range[1].node, 1);
	CHECK_INT(m.range[1].gpa, 4LL << 30);
	build("3n3l2c1t", 4097); /* the middle one straddles, the last one gets the rest */
	CHECK_INT(m.ranges, 4);
	CHECK_INT(m.node_mib[0], 1364);
	CHECK_INT(m.node_mib[1], 1364);
	CHECK_INT(m.node_mib[2], 1369);
	CHECK_INT(m.range[1].node, 1);
	CHECK_INT(m.range[2].node, 1);
	CHECK_INT(m.range[3].node, 2);
}

/* Whatever is asked for: in order, without overlap, clear of the hole, nothing lost. */
TEST(memory_adds_up)
{
	static const char *const spec[] = { "1l1c1t", "3n9l5c1t", "7n7l3c1t", "64n64l16c1t" };
	static const unsigned int mib[] = { 256, 2049, 4095, 8190, MEMORY_MAX_MIB };
	size_t i;

	for (i = 0; i < 4 * 5; i++) {
		uint64_t total = 0, last = 0;
		unsigned int r;

		build(spec[i / 5], mib[i % 5]);
		for (r = 0; r < m.ranges; r++) {
			CHECK(m.range[r].length && m.range[r].gpa >= last);
			CHECK(end_of(r) <= 2ULL << 30 || m.range[r].gpa >= 4ULL << 30);
			CHECK(r == 0 || m.range[r].node >= m.range[r - 1].node);
			CHECK_INT(m.range[r].gpa % (2 << 20), 0);
			total += m.range[r].length;
			last = end_of(r);
		}
		CHECK_INT(total >> 20, m.mib);
		CHECK_INT(m.range[m.ranges - 1].node, t.nodes - 1);
	}
}

static const char *const odd[] = { "1n1l1c1t",    "3n9l5c1t",    "4n32l16c2t", "max-cpu",
				   "64n64l16c1t", "1n1l1c1024t", "2n2l3c2t",   NULL };

TEST(tables_in_order)
{
	int i;

	for (i = 0; odd[i]; i++) {
		size_t last = ACPI_RSDP_LEN;
		unsigned int n;

		build(odd[i], 2048);
		CHECK_INT(a.tables, ACPI_TABLES - (t.nodes == 1));
		CHECK(ACPI_BASE + a.len < 0x9f000);
		for (n = 0; n < a.tables; n++) {
			const struct acpi_table *tab = &a.table[n];
			const uint8_t *p = a.image + tab->offset;
			uint32_t len;

			memcpy(&len, p + 4, 4);
			CHECK_INT(len, tab->length);
			CHECK(memcmp(p, tab->signature, 4) == 0);
			CHECK_INT(tab->offset % 16, 0);
			CHECK(tab->offset >= last);
			if (strcmp(tab->signature, "FACS")) /* which has none */
				CHECK_INT(sum(p, tab->length), 0);
			last = tab->offset + tab->length;
		}
		CHECK_INT(last, a.len);
	}
}

TEST(pointers)
{
	const struct acpi_rsdp *r = (const void *)a.image;
	const struct acpi_fadt *f;
	const uint8_t *xsdt;
	uint64_t entry[6];
	static const char *const in[] = { "FACP", "APIC", "HPET", "SRAT", "SLIT", "HMAT" };
	int i;

	build("2n4l2c1t", 2048);
	CHECK(memcmp(r->signature, "RSD PTR ", 8) == 0);
	CHECK_INT(sum(a.image, 20), 0);
	CHECK_INT(sum(a.image, 36), 0);
	CHECK_INT(r->xsdt, ACPI_BASE + table("XSDT")->offset);
	xsdt = bytes("XSDT");
	CHECK_INT(table("XSDT")->length, 36 + sizeof(entry));
	memcpy(entry, xsdt + 36, sizeof(entry));
	for (i = 0; i < 6; i++)
		CHECK_INT(entry[i], ACPI_BASE + table(in[i])->offset);
	f = bytes("FACP");
	CHECK_INT(f->dsdt, ACPI_BASE + table("DSDT")->offset);
	CHECK_INT(f->x_dsdt, f->dsdt);
	CHECK_INT(f->facs, ACPI_BASE + table("FACS")->offset);
	CHECK_INT(f->facs % 64, 0);
	build("1n4l2c1t", 2048); /* one node: no HMAT, and no hole for it */
	CHECK_INT(table("XSDT")->length, 36 + 5 * sizeof(uint64_t));
	memcpy(entry, (const uint8_t *)bytes("XSDT") + 36, 5 * sizeof(uint64_t));
	CHECK_INT(entry[4], ACPI_BASE + table("SLIT")->offset);
}

/* What engines rely on: where the guest powers off and resets. */
TEST(fadt)
{
	const struct acpi_fadt *f;

	build("1l1c1t", 256);
	f = bytes("FACP");
	CHECK_INT(f->sci_irq, 9);
	CHECK_INT(f->smi_cmd, 0);
	CHECK_INT(f->pm1a_evt, 0x600);
	CHECK_INT(f->pm1a_cnt, 0x604);
	CHECK_INT(f->pm_tmr, 0x608);
	CHECK_INT(f->x_pm1a_cnt.address, 0x604);
	CHECK_INT(f->reset_reg.address, 0xcf9);
	CHECK_INT(f->reset_value, 6);
	CHECK(f->flags & 1 << 10);
}

static void visit_lapic(const uint8_t *p, unsigned int n)
{
	CHECK_INT(p[2], n);
	CHECK_INT(p[3], apicid(&t, n));
	CHECK_INT(p[4], 1);
}

static unsigned int lapics;

static void visit_x2apic(const uint8_t *p, unsigned int n)
{
	struct acpi_madt_x2apic e;

	memcpy(&e, p, sizeof(e));
	CHECK_INT(e.uid, lapics + n);
	CHECK_INT(e.apic_id, apicid(&t, lapics + n));
	CHECK(e.apic_id >= 255);
	CHECK_INT(e.flags, 1);
}

TEST(madt)
{
	int i;

	for (i = 0; odd[i]; i++) {
		unsigned int x2apics;

		build(odd[i], 2048);
		lapics = MADT(0, visit_lapic);
		x2apics = MADT(9, visit_x2apic);
		CHECK_INT(lapics + x2apics, topo_cpus(&t));
		CHECK_INT(MADT(10, NULL), x2apics != 0);
		CHECK_INT(MADT(1, NULL), 1);
		CHECK_INT(MADT(2, NULL), 2);
		CHECK_INT(MADT(4, NULL), 1);
	}
	build("1n1l256c1t", 2048); /* id 255 is the broadcast, and already too much */
	CHECK_INT(MADT(0, NULL), 255);
	CHECK_INT(MADT(9, NULL), 1);
}

static void visit_srat_lapic(const uint8_t *p, unsigned int n)
{
	CHECK_INT(p[2], topo_node(&t, n));
	CHECK_INT(p[3], apicid(&t, n));
}

static void visit_srat_x2apic(const uint8_t *p, unsigned int n)
{
	struct acpi_srat_x2apic e;

	memcpy(&e, p, sizeof(e));
	CHECK_INT(e.node, topo_node(&t, lapics + n));
	CHECK_INT(e.apic_id, apicid(&t, lapics + n));
}

static void visit_srat_memory(const uint8_t *p, unsigned int n)
{
	struct acpi_srat_memory e;

	memcpy(&e, p, sizeof(e));
	CHECK_INT(e.node, m.range[n].node);
	CHECK_INT(e.base, m.range[n].gpa);
	CHECK_INT(e.size, m.range[n].length);
	CHECK_INT(e.flags, 1);
}

TEST(srat)
{
	int i;

	for (i = 0; odd[i]; i++) {
		build(odd[i], 5000);
		lapics = SRAT(0, visit_srat_lapic);
		CHECK_INT(lapics + SRAT(2, visit_srat_x2apic), topo_cpus(&t));
		CHECK_INT(SRAT(1, visit_srat_memory), m.ranges);
	}
}

TEST(slit)
{
	const uint8_t *p;
	unsigned int i;

	build("3n9l5c1t", 2048);
	p = (const uint8_t *)bytes("SLIT") + sizeof(struct acpi_slit);
	CHECK_INT(table("SLIT")->length, sizeof(struct acpi_slit) + 9);
	for (i = 0; i < 9; i++)
		CHECK_INT(p[i], i % 4 ? 20 : 10);
}

/* A matrix of the HMAT; returns what follows it. */
static const uint8_t *matrix(const uint8_t *p, unsigned int data_type, uint64_t unit,
			     unsigned int local, unsigned int remote)
{
	struct acpi_hmat_locality l;
	unsigned int i, n = t.nodes;

	memcpy(&l, p, sizeof(l));
	CHECK_INT(l.type, 1);
	CHECK_INT(l.length, sizeof(l) + 8 * n + 2 * n * n);
	CHECK_INT(l.flags, 0);
	CHECK_INT(l.data_type, data_type);
	CHECK_INT(l.initiators, n);
	CHECK_INT(l.targets, n);
	CHECK_INT(l.unit, unit);
	p += sizeof(l);
	for (i = 0; i < 2 * n; i++, p += 4) {
		uint32_t node;

		memcpy(&node, p, 4);
		CHECK_INT(node, i % n);
	}
	for (i = 0; i < n * n; i++, p += 2) {
		uint16_t v;

		memcpy(&v, p, 2);
		CHECK_INT(v, i / n == i % n ? local : remote);
	}
	return p;
}

TEST(hmat)
{
	static const char *const spec[] = { "2n4l2c1t", "3n9l5c1t", "64n64l16c1t" };
	unsigned int i, node;

	for (i = 0; i < 3; i++) {
		struct acpi_hmat_proximity e;
		const uint8_t *p;

		build(spec[i], 2048);
		p = bytes("HMAT");
		CHECK_INT(p[8], 2); /* revision */
		p += sizeof(struct acpi_hmat);
		for (node = 0; node < t.nodes; node++, p += sizeof(e)) {
			memcpy(&e, p, sizeof(e));
			CHECK_INT(e.type, 0);
			CHECK_INT(e.length, 40);
			CHECK_INT(e.flags, 1);
			CHECK_INT(e.initiator, node);
			CHECK_INT(e.memory, node);
		}
		p = matrix(p, 0, 100000, 1, 2);
		p = matrix(p, 3, 10240, 5, 2);
		CHECK(p == (const uint8_t *)bytes("HMAT") + table("HMAT")->length);
	}
	CHECK_INT(hmat_size(2), 2 * 40 + 2 * (32 + 16 + 8));
}

TEST(aml_encodings)
{
	static const uint8_t ints[] = { 0, 1, 0x0a, 2, 0x0a, 0xff, 0x0b, 0, 1, 0x0c, 0, 0, 1, 0 };
	static const uint8_t eisa[] = { 8, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x0a, 0x08 };
	uint8_t buf[64];
	struct aml w = { .buf = buf, .cap = sizeof(buf) };
	size_t at;

	aml_uint(&w, 0);
	aml_uint(&w, 1);
	aml_uint(&w, 2);
	aml_uint(&w, 255);
	aml_uint(&w, 256);
	aml_uint(&w, 65536);
	CHECK(w.len == sizeof(ints) && memcmp(buf, ints, sizeof(ints)) == 0);
	w.len = 0;
	aml_name_eisa(&w, "_HID", "PNP0A08");
	CHECK(w.len == sizeof(eisa) && memcmp(buf, eisa, sizeof(eisa)) == 0);
	w.len = 0;
	at = aml_package(&w, 2);
	aml_uint(&w, 0);
	aml_uint(&w, 0);
	aml_close(&w, at);
	CHECK(w.len == 6 && memcmp(buf, "\x12\x45\0\2\0\0", 6) == 0);
	CHECK(!w.bad);
}

TEST(aml_does_not_fit)
{
	static const uint8_t zeros[4096];
	uint8_t buf[8] = { 0 }, big[5000];
	struct aml w = { .buf = buf, .cap = 7 };
	size_t at;

	aml_name(&w, "_HID");
	CHECK(!w.bad);
	aml_uint(&w, 65536);
	CHECK(w.bad);
	CHECK_INT(buf[7], 0);
	w = (struct aml){ .buf = big, .cap = sizeof(big) };
	at = aml_scope(&w, "\\_SB_");
	aml_bytes(&w, zeros, sizeof(zeros));
	CHECK(!w.bad);
	aml_close(&w, at); /* longer than two bytes of length can say */
	CHECK(w.bad);
}

UNIT_MAIN(T(apic_ids), T(apic_ids_ascend), T(memory_floor), T(memory_ranges), T(memory_adds_up),
	  T(tables_in_order), T(pointers), T(fadt), T(madt), T(srat), T(slit), T(hmat),
	  T(aml_encodings), T(aml_does_not_fit))
