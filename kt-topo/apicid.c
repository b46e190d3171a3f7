// SPDX-License-Identifier: GPL-2.0-only
#include "apicid.h"

/* Bits that hold 0 .. count-1: 0 for one, 2 for three and for four. */
static unsigned int width(unsigned int count)
{
	unsigned int bits = 0;

	while (1U << bits < count)
		bits++;
	return bits;
}

uint32_t apicid(const struct topo *t, unsigned int cpu)
{
	unsigned int llcs = t->llcs / t->nodes;
	uint32_t id = topo_node(t, cpu);

	id = id << width(llcs) | topo_llc(t, cpu) % llcs;
	id = id << width(t->cores) | topo_core(t, cpu);
	return id << width(t->threads) | topo_thread(t, cpu);
}
