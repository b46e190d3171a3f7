// SPDX-License-Identifier: GPL-2.0-only
/* Lays the guest's RAM around the hole below 4 GiB and spreads it over the nodes. */
#include <string.h>

#include "memory.h"

#define MIN_MIB         256U
#define MIN_MIB_PER_CPU 64U
#define MIB             (1ULL << 20)

unsigned int memory_effective(const struct topo *t, unsigned int declared_mib)
{
	unsigned int mib = topo_cpus(t) * MIN_MIB_PER_CPU;

	if (mib < MIN_MIB)
		mib = MIN_MIB;
	return mib > declared_mib ? mib : declared_mib;
}

static void add_range(struct memory *m, unsigned int node, uint64_t gpa, uint64_t length)
{
	m->range[m->ranges++] = (struct memory_range){ node, gpa, length };
}

/* Adds [start, end) of a node's RAM; both are offsets into RAM, the hole not counted. */
static void add_part(struct memory *m, unsigned int node, uint64_t start, uint64_t end)
{
	const uint64_t shift = MEMORY_HIGH_BASE - MEMORY_LOW_END;

	if (start < MEMORY_LOW_END && end > MEMORY_LOW_END) {
		add_range(m, node, start, MEMORY_LOW_END - start);
		add_range(m, node, MEMORY_HIGH_BASE, end - MEMORY_LOW_END);
	} else {
		add_range(m, node, start < MEMORY_LOW_END ? start : start + shift, end - start);
	}
}

void memory_map(struct memory *m, const struct topo *t, unsigned int declared_mib)
{
	unsigned int node, share;
	uint64_t at = 0, end;

	memset(m, 0, sizeof(*m));
	m->mib = memory_effective(t, declared_mib);
	share = m->mib / t->nodes & ~1U; /* 2 MiB, so that no huge page spans two nodes */
	for (node = 0; node < t->nodes; node++) {
		m->node_mib[node] = share;
		if (node == t->nodes - 1)
			m->node_mib[node] = m->mib - node * share;
		end = at + m->node_mib[node] * MIB;
		add_part(m, node, at, end);
		at = end;
	}
}
