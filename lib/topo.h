/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TOPO_H
#define KT_TOPO_H

#include <stdbool.h>
#include <stddef.h>

#include "cpulist.h"
#include "errbuf.h"

/*
 * CPU topologies by name: "[Nn]NlNcNt", as in 1n2l4c2t: NUMA nodes (1 when left
 * out), LLCs in the whole machine, cores per LLC, threads per core. CPU ids are
 * sequential: cpu = (llc * cores + core) * threads + thread; LLCs are spread
 * over the nodes in equal runs. kt-topology(7).
 */
#define TOPO_MAX_CPUS  1024
#define TOPO_MAX_NODES 64 /* CONFIG_NODES_SHIFT=6, the kernel's default on x86-64 */

struct topo {
	unsigned int nodes, llcs, cores, threads;
};

struct topo_preset {
	const char *name;
	const char *spec;
	unsigned int memory_mib;
	bool opt_in; /* not part of the default gauntlet */
};

extern const struct topo_preset topo_presets[]; /* ends with a NULL name */

/* A spec or the name of a preset; *preset (may be NULL) is set to the preset or NULL. */
int topo_parse(const char *s, struct topo *t, const struct topo_preset **preset, struct errbuf *e);
/* The canonical spec, "1n2l2c1t", into buf of TOPO_SPEC_MAX bytes. */
#define TOPO_SPEC_MAX 48
char *topo_format(const struct topo *t, char *buf);

unsigned int topo_cpus(const struct topo *t);
unsigned int topo_llc(const struct topo *t, unsigned int cpu);
unsigned int topo_node(const struct topo *t, unsigned int cpu);
unsigned int topo_core(const struct topo *t, unsigned int cpu);   /* within its LLC */
unsigned int topo_thread(const struct topo *t, unsigned int cpu); /* within its core */
/* Bits that hold 0 .. count-1, for a field of an APIC id: 0 for one, 2 for three and for four. */
unsigned int topo_bits(unsigned int count);
void topo_llc_cpus(const struct topo *t, unsigned int llc, struct cpulist *l);
void topo_node_cpus(const struct topo *t, unsigned int node, struct cpulist *l);

#endif
