/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_TABLES_H
#define KT_TOPO_TABLES_H

#include <stdint.h>

/*
 * ACPI tables as they lie in memory, laid out as in ACPI 6.5, chapter 5.2; the section
 * is named at most tables. All numbers are little endian, as the x86-64 host's are.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tables are little endian");

#define ACPI_PACKED __attribute__((packed))

/* Root System Description Pointer, 5.2.5.3. */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum; /* makes the sum of the first 20 bytes 0 */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t ext_checksum; /* makes the sum of all 36 bytes 0 */
	uint8_t reserved[3];
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_rsdp) == 36, "RSDP");

/* The header that all tables but RSDP and FACS begin with, 5.2.6. */
struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator[4];
	uint32_t creator_revision;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_header) == 36, "table header");

/* Generic Address Structure, 5.2.3.2: the address and the width of a register. */
struct acpi_gas {
	uint8_t space; /* 0 memory, 1 I/O port */
	uint8_t bit_width, bit_offset;
	uint8_t access; /* 1 byte, 2 word, 3 dword */
	uint64_t address;
} ACPI_PACKED;

/* Fixed ACPI Description Table, 5.2.9. */
struct acpi_fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t reserved0, pm_profile;
	uint16_t sci_irq;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst_cnt;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct acpi_gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr;
	struct acpi_gas x_gpe0, x_gpe1, sleep_control, sleep_status;
	uint64_t hypervisor_id;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_fadt) == 276, "FADT");

/* Firmware ACPI Control Structure, 5.2.10. */
struct acpi_facs {
	char signature[4];
	uint32_t length, hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved[31];
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_facs) == 64, "FACS");

/* Multiple APIC Description Table and the entries that follow it, 5.2.12. */
struct acpi_madt {
	struct acpi_header h;
	uint32_t lapic_address, flags;
} ACPI_PACKED;

struct acpi_madt_lapic {
	uint8_t type, length, uid, apic_id;
	uint32_t flags;
} ACPI_PACKED;

struct acpi_madt_ioapic {
	uint8_t type, length, id, reserved;
	uint32_t address, gsi_base;
} ACPI_PACKED;

struct acpi_madt_override {
	uint8_t type, length, bus, source;
	uint32_t gsi;
	uint16_t flags;
} ACPI_PACKED;

struct acpi_madt_lapic_nmi {
	uint8_t type, length, uid;
	uint16_t flags;
	uint8_t lint;
} ACPI_PACKED;

struct acpi_madt_x2apic {
	uint8_t type, length;
	uint16_t reserved;
	uint32_t apic_id, flags, uid;
} ACPI_PACKED;

struct acpi_madt_x2apic_nmi {
	uint8_t type, length;
	uint16_t flags;
	uint32_t uid;
	uint8_t lint;
	uint8_t reserved[3];
} ACPI_PACKED;

/* HPET table: IA-PC HPET Specification 1.0a, section 3.2.4. */
struct acpi_hpet {
	struct acpi_header h;
	uint32_t id;
	struct acpi_gas address;
	uint8_t number;
	uint16_t min_tick;
	uint8_t page_protection;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_hpet) == 56, "HPET");

/* System Resource Affinity Table and the entries that follow it, 5.2.16. */
struct acpi_srat {
	struct acpi_header h;
	uint32_t one;
	uint64_t reserved;
} ACPI_PACKED;

struct acpi_srat_lapic {
	uint8_t type, length, node_low, apic_id;
	uint32_t flags;
	uint8_t sapic_eid;
	uint8_t node_high[3];
	uint32_t clock_domain;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_srat_lapic) == 16, "SRAT processor");

struct acpi_srat_memory {
	uint8_t type, length;
	uint32_t node;
	uint16_t reserved0;
	uint64_t base, size;
	uint32_t reserved1, flags;
	uint64_t reserved2;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_srat_memory) == 40, "SRAT memory");

struct acpi_srat_x2apic {
	uint8_t type, length;
	uint16_t reserved0;
	uint32_t node, apic_id, flags, clock_domain, reserved1;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_srat_x2apic) == 24, "SRAT x2APIC processor");

/* System Locality Information Table, 5.2.17. */
struct acpi_slit {
	struct acpi_header h;
	uint64_t nodes;
} ACPI_PACKED;

/* Heterogeneous Memory Attribute Table; also in Linux's include/acpi/actbl1.h. */
struct acpi_hmat {
	struct acpi_header h;
	uint32_t reserved;
} ACPI_PACKED;

struct acpi_hmat_proximity {
	uint16_t type, reserved0;
	uint32_t length;
	uint16_t flags, reserved1;
	uint32_t initiator, memory;
	uint32_t reserved2[5];
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_hmat_proximity) == 40, "HMAT proximity domain");

struct acpi_hmat_locality {
	uint16_t type, reserved0;
	uint32_t length;
	uint8_t flags, data_type, min_transfer, reserved1;
	uint32_t initiators, targets, reserved2;
	uint64_t unit;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_hmat_locality) == 32, "HMAT locality");

#endif
