// SPDX-License-Identifier: GPL-2.0-only
/* Builds the ACPI tables of a topology (ACPI 6.5, chapter 5.2) into one image. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "acpi.h"
#include "apicid.h"
#include "dsdt.h"
#include "hmat.h"
#include "tables.h"

/*
 * The state of acpi_build(). The image is filled from front to back: RSDP, XSDT, then the
 * other tables; the XSDT's entries are written last. No function returns an error: `full`
 * is set when a table does not fit, and acpi_build() checks it at the end.
 */
struct builder {
	struct acpi *a;
	const struct topo *t;
	const struct memory *m;
	bool full;
};

/* APIC ids from 255 up need x2APIC entries: in an 8-bit id, 255 means broadcast. */
#define X2APIC_FIRST 255

static void *append(struct builder *b, const void *data, size_t len)
{
	uint8_t *p = b->a->image + b->a->len;

	if (b->full || len > ACPI_SPACE - b->a->len) {
		b->full = true;
		return NULL;
	}
	if (data)
		memcpy(p, data, len);
	b->a->len += len;
	return p;
}

static void align(struct builder *b, size_t to)
{
	append(b, NULL, -b->a->len & (to - 1));
}

static void open_table(struct builder *b, const char *signature, size_t alignment)
{
	struct acpi_table *tab = &b->a->table[b->a->tables++];

	align(b, alignment);
	memcpy(tab->signature, signature, 5);
	tab->offset = b->a->len;
}

static struct acpi_table *current(struct builder *b)
{
	return &b->a->table[b->a->tables - 1];
}

static uint8_t checksum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return -sum;
}

static void seal(struct acpi_header *h)
{
	h->checksum = 0;
	h->checksum = checksum(h, h->length);
}

/* Begins a table with the `size` bytes at `h`, after filling in the header that begins them. */
static void begin(struct builder *b, struct acpi_header *h, size_t size, const char *signature,
		  unsigned int revision)
{
	open_table(b, signature, 16);
	memcpy(h->signature, signature, 4);
	h->revision = revision;
	memcpy(h->oem_id, "KT    ", 6);
	memcpy(h->oem_table_id, "KTTOPO  ", 8);
	h->oem_revision = 1;
	memcpy(h->creator, "KT  ", 4);
	h->creator_revision = 1;
	append(b, h, size);
}

static void end(struct builder *b)
{
	struct acpi_table *tab = current(b);
	struct acpi_header *h = (void *)(b->a->image + tab->offset);

	tab->length = b->a->len - tab->offset;
	if (b->full)
		return;
	h->length = (uint32_t)tab->length;
	seal(h);
}

static uint32_t address_of(const struct acpi *a, const char *signature)
{
	unsigned int i;

	for (i = 0; i < a->tables; i++)
		if (strcmp(a->table[i].signature, signature) == 0)
			return ACPI_BASE + (uint32_t)a->table[i].offset;
	return 0;
}

static void add_rsdp(struct builder *b)
{
	struct acpi_rsdp r = { .revision = 2, .length = sizeof(r) };

	memcpy(r.signature, "RSD PTR ", 8);
	memcpy(r.oem_id, "KT    ", 6);
	r.xsdt = ACPI_BASE + ((sizeof(r) + 15) & ~15ULL);
	r.checksum = checksum(&r, 20);
	r.ext_checksum = checksum(&r, sizeof(r));
	append(b, &r, sizeof(r));
}

/* A machine of one node gets no HMAT: there are no two nodes to compare. */
static bool has_hmat(const struct topo *t)
{
	return t->nodes > 1;
}

/* Reserves the XSDT's entries: all tables but XSDT, FACS and DSDT; the FADT names the last two. */
static void add_xsdt(struct builder *b)
{
	unsigned int entries = ACPI_TABLES - 3 - !has_hmat(b->t);
	struct acpi_header h = { 0 };

	begin(b, &h, sizeof(h), "XSDT", 1);
	append(b, NULL, entries * sizeof(uint64_t));
	end(b);
}

static void fill_xsdt(struct acpi *a)
{
	uint8_t *xsdt = a->image + a->table[0].offset;
	uint8_t *p = xsdt + sizeof(struct acpi_header);
	unsigned int i;

	for (i = 1; i < a->tables; i++) {
		uint64_t addr = ACPI_BASE + a->table[i].offset;

		if (!strcmp(a->table[i].signature, "FACS") ||
		    !strcmp(a->table[i].signature, "DSDT"))
			continue;
		memcpy(p, &addr, sizeof(addr));
		p += sizeof(addr);
	}
	seal((struct acpi_header *)xsdt);
}

static void add_facs(struct builder *b)
{
	struct acpi_facs f = { .length = sizeof(f), .version = 2 };

	memcpy(f.signature, "FACS", 4);
	open_table(b, "FACS", 64); /* FACS is aligned to 64 bytes (ACPI 6.5, 5.2.10) */
	append(b, &f, sizeof(f));
	current(b)->length = sizeof(f);
}

static void add_dsdt(struct builder *b)
{
	uint8_t body[1024];
	struct aml aml = { .buf = body, .cap = sizeof(body) };
	struct acpi_header h = { 0 };

	dsdt_body(&aml);
	b->full |= aml.bad;
	begin(b, &h, sizeof(h), "DSDT", 2);
	append(b, body, aml.len);
	end(b);
}

/*
 * The FADT declares legacy hardware, so that the timer, COM1 and COM2 get their interrupts.
 * SMI_CMD 0 says that ACPI mode is on from the start. There are no power and sleep buttons.
 */
static void add_fadt(struct builder *b)
{
	enum { IO = 1, BYTE = 1, WORD = 2, DWORD = 3 };
	enum { EVT = 0x600, CNT = 0x604, TMR = 0x608, RESET = 0xcf9, RESET_FULL = 6 };
	enum { LEGACY_DEVICES = 1 << 0, I8042 = 1 << 1, NO_VGA = 1 << 2 };
	enum { WBINVD = 1 << 0, PROC_C1 = 1 << 2, NO_PWR_BUTTON = 1 << 4, NO_SLP_BUTTON = 1 << 5 };
	enum { TMR_VAL_EXT = 1 << 8, RESET_REG_SUP = 1 << 10 };
	struct acpi_fadt f = {
		.facs = address_of(b->a, "FACS"),
		.dsdt = address_of(b->a, "DSDT"),
		.sci_irq = 9,
		.pm1a_evt = EVT,
		.pm1_evt_len = 4,
		.pm1a_cnt = CNT,
		.pm1_cnt_len = 2,
		.pm_tmr = TMR,
		.pm_tmr_len = 4,
		.c2_latency = 101,  /* above 100: no C2 */
		.c3_latency = 1001, /* above 1000: no C3 */
		.boot_arch = LEGACY_DEVICES | I8042 | NO_VGA,
		.flags = WBINVD | PROC_C1 | NO_PWR_BUTTON | NO_SLP_BUTTON | TMR_VAL_EXT |
			 RESET_REG_SUP,
		.reset_reg = { IO, 8, 0, BYTE, RESET },
		.reset_value = RESET_FULL,
		.x_pm1a_evt = { IO, 32, 0, WORD, EVT },
		.x_pm1a_cnt = { IO, 16, 0, WORD, CNT },
		.x_pm_tmr = { IO, 32, 0, DWORD, TMR },
	};

	f.x_dsdt = f.dsdt; /* FACS only by its 32-bit field: two of them may not be set */
	begin(b, &f.h, sizeof(f), "FACP", 6);
	end(b);
}

static void madt_cpus(struct builder *b, bool *x2apic)
{
	unsigned int cpu;

	for (cpu = 0; cpu < topo_cpus(b->t); cpu++) {
		uint32_t id = apicid(b->t, cpu);

		if (id < X2APIC_FIRST) {
			struct acpi_madt_lapic e = { 0, sizeof(e), (uint8_t)cpu, (uint8_t)id, 1 };

			append(b, &e, sizeof(e));
		} else {
			struct acpi_madt_x2apic e = { 9, sizeof(e), 0, id, 1, cpu };

			append(b, &e, sizeof(e));
			*x2apic = true;
		}
	}
}

static void add_madt(struct builder *b)
{
	struct acpi_madt m = { .lapic_address = 0xfee00000, .flags = 1 /* also has 8259 PICs */ };
	const struct acpi_madt_ioapic ioapic = { 1, sizeof(ioapic), 0, 0, 0xfec00000, 0 };
	const struct acpi_madt_override timer = { 2, sizeof(timer), 0, 0, 2, 0 };
	/* flags: level triggered, active high, as QEMU's and KVM's chip sets drive the SCI */
	const struct acpi_madt_override sci = { 2, sizeof(sci), 0, 9, 9, 0xd };
	const struct acpi_madt_lapic_nmi nmi = { 4, sizeof(nmi), 0xff, 0, 1 };
	const struct acpi_madt_x2apic_nmi nmi2 = { 10, sizeof(nmi2), 0, 0xffffffff, 1, { 0 } };
	bool x2apic = false;

	begin(b, &m.h, sizeof(m), "APIC", 5);
	madt_cpus(b, &x2apic);
	append(b, &ioapic, sizeof(ioapic));
	append(b, &timer, sizeof(timer));
	append(b, &sci, sizeof(sci));
	append(b, &nmi, sizeof(nmi));
	if (x2apic)
		append(b, &nmi2, sizeof(nmi2));
	end(b);
}

/* The kvm engine has no HPET at this address; the kernel sees that and does not use it. */
static void add_hpet(struct builder *b)
{
	struct acpi_hpet h = {
		.id = 0x8086a201, /* three 64-bit comparators, legacy replacement */
		.address = { 0, 64, 0, 0, 0xfed00000 },
		.min_tick = 0x80,
	};

	begin(b, &h.h, sizeof(h), "HPET", 1);
	end(b);
}

static void add_srat(struct builder *b)
{
	struct acpi_srat s = { .one = 1 };
	unsigned int i;

	begin(b, &s.h, sizeof(s), "SRAT", 3);
	for (i = 0; i < topo_cpus(b->t); i++) {
		uint32_t id = apicid(b->t, i);
		uint8_t node = (uint8_t)topo_node(b->t, i);
		struct acpi_srat_lapic e = {
			.length = sizeof(e), .node_low = node, .apic_id = (uint8_t)id, .flags = 1
		};
		struct acpi_srat_x2apic x = {
			.type = 2, .length = sizeof(x), .node = node, .apic_id = id, .flags = 1
		};

		append(b, id < X2APIC_FIRST ? (void *)&e : &x,
		       id < X2APIC_FIRST ? sizeof(e) : sizeof(x));
	}
	for (i = 0; i < b->m->ranges; i++) {
		const struct memory_range *r = &b->m->range[i];
		struct acpi_srat_memory e = { .type = 1,
					      .length = sizeof(e),
					      .node = r->node,
					      .base = r->gpa,
					      .size = r->length,
					      .flags = 1 };

		append(b, &e, sizeof(e));
	}
	end(b);
}

static void add_slit(struct builder *b)
{
	struct acpi_slit s = { .nodes = b->t->nodes };
	unsigned int from, to;

	begin(b, &s.h, sizeof(s), "SLIT", 1);
	for (from = 0; from < b->t->nodes; from++)
		for (to = 0; to < b->t->nodes; to++) {
			uint8_t d = (uint8_t)acpi_distance(from, to);

			append(b, &d, 1);
		}
	end(b);
}

static void add_hmat(struct builder *b)
{
	struct acpi_hmat h = { 0 };
	uint8_t *body;

	begin(b, &h.h, sizeof(h), "HMAT", 2);
	body = append(b, NULL, hmat_size(b->t->nodes));
	if (body)
		hmat_body(body, b->t->nodes);
	end(b);
}

int acpi_build(struct acpi *a, const struct topo *t, const struct memory *m)
{
	struct builder b = { .a = a, .t = t, .m = m };

	memset(a, 0, sizeof(*a));
	add_rsdp(&b);
	add_xsdt(&b);
	add_facs(&b);
	add_dsdt(&b);
	add_fadt(&b);
	add_madt(&b);
	add_hpet(&b);
	add_srat(&b);
	add_slit(&b);
	if (has_hmat(t))
		add_hmat(&b);
	if (b.full)
		return -E2BIG;
	fill_xsdt(a);
	return 0;
}
