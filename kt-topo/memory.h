/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_MEMORY_H
#define KT_TOPO_MEMORY_H

#include <stdint.h>

#include "topo.h"

/*
 * The guest's RAM: how much there is, and which node has which range of
 * guest-physical addresses. RAM lies below 2 GiB, the rest from 4 GiB up; the
 * hole between holds the PCI window and the interrupt controllers.
 */
#define MEMORY_LOW_END    (2ULL << 30)
#define MEMORY_HIGH_BASE  (4ULL << 30)
#define MEMORY_DFLT_MIB   2048U
#define MEMORY_MAX_MIB    (512U << 10)         /* fits the 40 address bits that any CPU model has */
#define MEMORY_MAX_RANGES (TOPO_MAX_NODES + 1) /* one node at most straddles the hole */

struct memory_range {
	unsigned int node;
	uint64_t gpa, length;
};

struct memory {
	unsigned int mib;
	unsigned int node_mib[TOPO_MAX_NODES];
	struct memory_range range[MEMORY_MAX_RANGES];
	unsigned int ranges;
};

/* Returns the MiB that a guest gets: `declared_mib`, but at least 64 a CPU and at least 256. */
unsigned int memory_effective(const struct topo *t, unsigned int declared_mib);

/* Spreads memory_effective() over the nodes. */
void memory_map(struct memory *m, const struct topo *t, unsigned int declared_mib);

#endif
