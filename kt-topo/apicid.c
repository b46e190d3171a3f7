// SPDX-License-Identifier: GPL-2.0-only
/* Computes the APIC id of a CPU. */
#include "apicid.h"

uint32_t apicid(const struct topo *t, unsigned int cpu)
{
	unsigned int llcs = t->llcs / t->nodes;
	uint32_t id = topo_node(t, cpu);

	id = id << topo_bits(llcs) | topo_llc(t, cpu) % llcs;
	id = id << topo_bits(t->cores) | topo_core(t, cpu);
	return id << topo_bits(t->threads) | topo_thread(t, cpu);
}
