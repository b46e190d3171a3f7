// SPDX-License-Identifier: GPL-2.0-only
/* CPU topologies: specs and presets, and which LLC and node a CPU belongs to. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo.h"

const struct topo_preset topo_presets[] = {
	{ "tiny-1llc", "1n1l4c1t", 2048, false },
	{ "tiny-2llc", "1n2l2c1t", 2048, false },
	{ "odd-3llc", "1n3l3c1t", 2048, false },
	{ "odd-5llc", "1n5l3c1t", 2048, false },
	{ "odd-7llc", "1n7l2c1t", 2048, false },
	{ "smt-2llc", "1n2l2c2t", 2048, false },
	{ "smt-3llc", "1n3l2c2t", 2048, false },
	{ "medium-4llc", "1n4l4c2t", 2048, false },
	{ "medium-8llc", "1n8l4c2t", 2048, false },
	{ "large-4llc", "1n4l16c2t", 2048, false },
	{ "large-8llc", "1n8l8c2t", 2048, false },
	{ "near-max-llc", "1n15l8c2t", 2048, true },
	{ "max-cpu", "1n14l9c2t", 4096, true },
	{ "medium-4llc-nosmt", "1n4l8c1t", 2048, false },
	{ "medium-8llc-nosmt", "1n8l8c1t", 2048, false },
	{ "large-4llc-nosmt", "1n4l32c1t", 2048, false },
	{ "large-8llc-nosmt", "1n8l16c1t", 2048, false },
	{ "near-max-llc-nosmt", "1n15l16c1t", 2048, true },
	{ "max-cpu-nosmt", "1n14l18c1t", 4096, true },
	{ "numa2-4llc", "2n4l4c1t", 2048, true },
	{ "numa2-8llc", "2n8l8c2t", 2048, true },
	{ "numa2-8llc-nosmt", "2n8l16c1t", 2048, true },
	{ "numa4-8llc", "4n8l4c1t", 2048, true },
	{ "numa4-12llc", "4n12l8c2t", 4096, true },
	{ NULL, NULL, 0, false },
};

/* "<number><letter>" at *s into *v; false, and *s unmoved, when it is something else. */
static bool part(const char **s, char letter, unsigned int *v)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)**s))
		return false;
	n = strtoul(*s, &end, 10);
	if (*end != letter)
		return false;
	*v = n > TOPO_MAX_CPUS ? TOPO_MAX_CPUS + 1 : (unsigned int)n;
	*s = end + 1;
	return true;
}

static int check(const char *s, const struct topo *t, struct errbuf *e)
{
	/* each part is at most TOPO_MAX_CPUS + 1, so the product fits 64 bits */
	unsigned long long cpus = 1ULL * t->llcs * t->cores * t->threads;

	if (!t->nodes || !cpus)
		return errbuf_set(e, -EINVAL, "topology '%s': every count must be at least 1", s);
	if (cpus > TOPO_MAX_CPUS)
		return errbuf_set(e, -ERANGE, "topology '%s': more than %d CPUs", s, TOPO_MAX_CPUS);
	if (t->nodes > TOPO_MAX_NODES)
		return errbuf_set(e, -ERANGE, "topology '%s': more than %d NUMA nodes", s,
				  TOPO_MAX_NODES);
	if (t->llcs % t->nodes)
		return errbuf_set(e, -EINVAL,
				  "topology '%s': %u LLC%s cannot be spread evenly over %u NUMA "
				  "nodes (llcs must be a multiple of nodes)",
				  s, t->llcs, t->llcs == 1 ? "" : "s", t->nodes);
	return 0;
}

int topo_parse(const char *s, struct topo *t, const struct topo_preset **preset, struct errbuf *e)
{
	const struct topo_preset *p = topo_presets;
	const char *spec = s;

	while (p->name && strcmp(p->name, s))
		p++;
	if (preset)
		*preset = p->name ? p : NULL;
	if (p->name)
		spec = p->spec;
	t->nodes = 1;
	part(&spec, 'n', &t->nodes);
	if (!part(&spec, 'l', &t->llcs) || !part(&spec, 'c', &t->cores) ||
	    !part(&spec, 't', &t->threads) || *spec)
		return errbuf_set(e, -EINVAL,
				  "'%s' is no topology (expected [Nn]NlNcNt such as 2l2c1t or "
				  "1n2l4c2t, or a preset: see 'kt-topo --list')",
				  s);
	return check(s, t, e);
}

char *topo_format(const struct topo *t, char *buf)
{
	snprintf(buf, TOPO_SPEC_MAX, "%un%ul%uc%ut", t->nodes, t->llcs, t->cores, t->threads);
	return buf;
}

unsigned int topo_cpus(const struct topo *t)
{
	return t->llcs * t->cores * t->threads;
}

unsigned int topo_llc(const struct topo *t, unsigned int cpu)
{
	return cpu / (t->cores * t->threads);
}

unsigned int topo_node(const struct topo *t, unsigned int cpu)
{
	return topo_llc(t, cpu) / (t->llcs / t->nodes);
}

unsigned int topo_core(const struct topo *t, unsigned int cpu)
{
	return cpu / t->threads % t->cores;
}

unsigned int topo_thread(const struct topo *t, unsigned int cpu)
{
	return cpu % t->threads;
}

unsigned int topo_bits(unsigned int count)
{
	unsigned int bits = 0;

	while (1U << bits < count)
		bits++;
	return bits;
}

static void add_run(struct cpulist *l, unsigned int first, unsigned int count)
{
	cpulist_clear(l);
	while (count--)
		cpulist_add(l, first++);
}

void topo_llc_cpus(const struct topo *t, unsigned int llc, struct cpulist *l)
{
	unsigned int per = t->cores * t->threads;

	add_run(l, llc * per, per);
}

void topo_node_cpus(const struct topo *t, unsigned int node, struct cpulist *l)
{
	unsigned int per = topo_cpus(t) / t->nodes;

	add_run(l, node * per, per);
}
