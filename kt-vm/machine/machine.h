/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_MACHINE_H
#define KT_VM_MACHINE_MACHINE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "errbuf.h"
#include "gmem.h"
#include "topo.h"

/*
 * One guest, ready to start on any engine: its topology, its memory with
 * kernel, command line, initrd and ACPI tables in place, and the address of
 * the first instruction.
 *
 * Guest-physical layout below 1 MiB (all engines):
 *   0x7000 boot_params   0x8000 PVH (pvh.h)   0x9000 page tables   0x20000 command line
 *   0x40000.. ACPI tables, where the topology record wants them
 */
#define MACHINE_BOOT_PARAMS 0x7000ULL
#define MACHINE_PAGE_TABLES 0x9000ULL
#define MACHINE_CMDLINE     0x20000ULL
#define MACHINE_CMDLINE_MAX 0x10000U
#define MACHINE_LOW_END     0x9fc00ULL /* RAM below the legacy hole ends here */

/* Where a CPU is, kt-topology(7); core counts within the LLC, thread within the core. */
struct cpu_place {
	uint32_t id, apic_id, node, llc, core, thread;
};

struct machine {
	/* from the topology record */
	unsigned int nodes, llcs, cores, threads, cpus;
	struct cpu_place places[TOPO_MAX_CPUS]; /* those of `cpus` CPUs, checked */
	char spec[64];
	uint64_t memory; /* bytes */
	uint64_t acpi_gpa, acpi_len, rsdp;

	struct gmem mem;
	bool shared;    /* another process maps the guest's memory: it must be a file */
	bool nested;    /* the guest gets a CPU with virtualization (SVM), on tcg only */
	uint64_t entry; /* in long mode, rsi = MACHINE_BOOT_PARAMS, cr3 = MACHINE_PAGE_TABLES */
	char *cmdline;
	struct loader *loader; /* to be waited for before the guest runs */
};

/* Reads the topology record into m (no memory yet): 0 or -EINVAL. */
int machine_topology(struct machine *m, struct json_object *topology, struct errbuf *e);

/*
 * Maps the memory and fills it. `initrd` may be NULL. 0, -ENOEXEC or -EINVAL for
 * bad input, or -errno.
 */
int machine_prepare(struct machine *m, struct json_object *topology, const char *kernel,
		    const char *initrd, const char *cmdline, struct errbuf *e);
void machine_free(struct machine *m);

#endif
