/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_ACPI_H
#define KT_TOPO_ACPI_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "topo.h"

/*
 * The ACPI tables of a topology as one image for a fixed guest-physical address:
 * conventional memory that the guest's memory map must report as reserved.
 */
#define ACPI_BASE  0x40000U
#define ACPI_SPACE (0x9f000U - ACPI_BASE)

enum { ACPI_TABLES = 9 }; /* the most tables that are built, the RSDP not counted */

struct acpi_table {
	char signature[5];
	size_t offset, length;
};

struct acpi {
	uint8_t image[ACPI_SPACE]; /* begins with the RSDP */
	size_t len;
	struct acpi_table table[ACPI_TABLES];
	unsigned int tables;
};

#define ACPI_RSDP_LEN 36

/* Returns the SLIT distance between two nodes. */
static inline unsigned int acpi_distance(unsigned int from, unsigned int to)
{
	return from == to ? 10 : 20;
}

/* Returns 0, or -E2BIG when the tables do not fit; all that topo_parse() accepts do fit. */
int acpi_build(struct acpi *a, const struct topo *t, const struct memory *m);

#endif
