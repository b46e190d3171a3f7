// SPDX-License-Identifier: GPL-2.0-only
/* Maps the CPUs and nodes of a plan to those of this machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "map.h"
#include "record.h"

/* One CPU of this machine, named by the first CPU of what it shares. */
struct cpu {
	int id, core, llc, node;
	bool used; /* or not ours to use */
};

struct machine {
	struct cpu *cpu;
	int n;
};

/* The first CPU of a list, or dflt. */
static int first_of(struct json_object *o, const char *key, int dflt)
{
	const char *text = rec_get_str(o, key, NULL);
	struct cpulist l;
	struct errbuf e;
	int first;

	if (!text || cpulist_parse(text, &l, &e))
		return dflt;
	first = cpulist_next(&l, -1);
	return first < 0 ? dflt : first;
}

static int read_machine(struct machine *m, struct json_object *o, const struct cpulist *allowed)
{
	struct json_object *cpus = rec_get_arr(o, "cpus"), *c;
	int i, n = cpus ? (int)json_object_array_length(cpus) : 0;

	m->cpu = calloc((size_t)n + 1, sizeof(*m->cpu));
	if (!m->cpu)
		return -1;
	for (i = 0; i < n; i++) {
		c = json_object_array_get_idx(cpus, (size_t)i);
		m->cpu[i].id = (int)rec_get_int(c, "id", 0);
		m->cpu[i].node = (int)rec_get_int(c, "node", 0);
		m->cpu[i].core = first_of(c, "smt_cpus", m->cpu[i].id);
		/* where the kernel tells of no cache, a package is taken for one */
		m->cpu[i].llc = first_of(c, "llc_cpus", -1 - (int)rec_get_int(c, "package", 0));
		m->cpu[i].used = !cpulist_has(allowed, (unsigned int)m->cpu[i].id);
	}
	m->n = n;
	return 0;
}

/* Free threads of the core that CPU i is of, in ids[]: how many, `most` at most. */
static unsigned int threads_of(const struct machine *m, int i, int *ids, unsigned int most)
{
	unsigned int n = 0;
	int k;

	for (k = 0; k < m->n && n < most; k++)
		if (!m->cpu[k].used && m->cpu[k].core == m->cpu[i].core)
			ids[n++] = k;
	return n;
}

/* Is a CPU of that core among the n of ids[]? What it has left is no other core. */
static bool has_core(const struct machine *m, int core, const int *ids, unsigned int n)
{
	while (n)
		if (m->cpu[ids[--n]].core == core)
			return true;
	return false;
}

/*
 * Takes `cores` cores of `threads` threads from the LLC that CPU i is of, into ids[] (places in
 * the table). False when it has not so many.
 */
static bool take_llc(struct machine *m, int i, const struct topo *t, int *ids)
{
	unsigned int n = 0, k;
	int c;

	for (c = 0; c < m->n && n < t->cores * t->threads; c++) {
		if (m->cpu[c].used || m->cpu[c].llc != m->cpu[i].llc ||
		    has_core(m, m->cpu[c].core, ids, n) ||
		    threads_of(m, c, ids + n, t->threads) < t->threads)
			continue;
		for (k = 0; k < t->threads; k++)
			m->cpu[ids[n + k]].used = true;
		n += t->threads;
	}
	if (n == t->cores * t->threads)
		return true;
	while (n)
		m->cpu[ids[--n]].used = false;
	return false;
}

/* The rest of an LLC that was taken is no other LLC. */
static void close_llc(struct machine *m, int llc)
{
	int k;

	for (k = 0; k < m->n; k++)
		if (m->cpu[k].llc == llc)
			m->cpu[k].used = true;
}

/* `count` LLCs, of one node (node < 0: of any), from LLC `first` of the map on: how many. */
static unsigned int take_llcs(struct host_map *h, struct machine *m, unsigned int first,
			      unsigned int count, int node)
{
	unsigned int per = h->topo.cores * h->topo.threads, n = 0, k;
	int ids[TOPO_MAX_CPUS], i;

	for (i = 0; i < m->n && n < count; i++) {
		if (m->cpu[i].used || (node >= 0 && m->cpu[i].node != node) ||
		    !take_llc(m, i, &h->topo, ids))
			continue;
		for (k = 0; k < per; k++)
			h->cpu[(first + n) * per + k] = (unsigned short)m->cpu[ids[k]].id;
		close_llc(m, m->cpu[i].llc);
		n++;
	}
	return n;
}

static void give_back(struct machine *m, const bool *used)
{
	int i;

	for (i = 0; i < m->n; i++)
		m->cpu[i].used = used[i];
}

static void keep(const struct machine *m, bool *used)
{
	int i;

	for (i = 0; i < m->n; i++)
		used[i] = m->cpu[i].used;
}

/* Node `node` of the map: a node here that has enough LLCs and is not taken yet. */
static bool take_node(struct host_map *h, struct machine *m, unsigned int node, bool *used)
{
	unsigned int per = h->topo.llcs / h->topo.nodes, i;
	int k;

	keep(m, used);
	for (k = 0; k < m->n; k++) {
		for (i = 0; i < node && h->node[i] != m->cpu[k].node; i++)
			;
		if (i < node || m->cpu[k].node >= TOPO_MAX_NODES)
			continue;
		h->node[node] = (unsigned short)m->cpu[k].node;
		if (take_llcs(h, m, node * per, per, m->cpu[k].node) == per)
			return true;
		give_back(m, used);
	}
	return false;
}

static bool take_all(struct host_map *h, struct machine *m, bool *used)
{
	unsigned int i;

	for (i = 0; i < h->topo.nodes; i++)
		if (!take_node(h, m, i, used))
			break;
	if (i == h->topo.nodes)
		return true;
	/* LLCs of one node may be of several here: it is the same to a test without nodes */
	return h->topo.nodes == 1 && take_llcs(h, m, 0, h->topo.llcs, -1) == h->topo.llcs;
}

int host_map_make(struct host_map *h, const char *spec, struct json_object *machine,
		  const struct cpulist *allowed, struct errbuf *e)
{
	struct machine m = { 0 };
	bool *used = NULL, good;
	unsigned int i;

	memset(h, 0, sizeof(*h));
	if (topo_parse(spec, &h->topo, NULL, e))
		return KT_DATA;
	if (read_machine(&m, machine, allowed) ||
	    !(used = calloc((size_t)m.n + 1, sizeof(*used)))) {
		free(m.cpu);
		return errbuf_set(e, KT_SYS, "out of memory");
	}
	good = take_all(h, &m, used);
	for (i = 0; good && i < topo_cpus(&h->topo); i++)
		cpulist_add(&h->cpus, h->cpu[i]);
	free(used);
	free(m.cpu);
	if (good)
		return KT_OK;
	return errbuf_set(e, KT_HOST,
			  "this machine has not the topology %s: %u LLC%s with %u core%s of %u "
			  "thread%s on %u NUMA node%s (of %u CPUs that may be used here)",
			  spec, h->topo.llcs, h->topo.llcs == 1 ? "" : "s", h->topo.cores,
			  h->topo.cores == 1 ? "" : "s", h->topo.threads,
			  h->topo.threads == 1 ? "" : "s", h->topo.nodes,
			  h->topo.nodes == 1 ? "" : "s", cpulist_count(allowed));
}

/* The list through a table of `n`: new text, or NULL when it is no list or outside. */
static struct json_object *mapped(struct json_object *v, const unsigned short *table,
				  unsigned int n)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist from, to;
	struct errbuf e;
	int i;

	if (!json_object_is_type(v, json_type_string) ||
	    cpulist_parse(json_object_get_string(v), &from, &e))
		return NULL;
	cpulist_clear(&to);
	for (i = -1; (i = cpulist_next(&from, i)) >= 0;) {
		if ((unsigned int)i >= n)
			return NULL;
		cpulist_add(&to, table[i]);
	}
	return json_object_new_string(cpulist_format(&to, text));
}

static int map_value(const struct host_map *m, struct json_object *v, struct errbuf *e);

static int map_list(const struct host_map *m, struct json_object *o, const char *key,
		    struct json_object *v, bool nodes, struct errbuf *e)
{
	const unsigned short *table = nodes ? m->node : m->cpu;
	unsigned int n = nodes ? m->topo.nodes : topo_cpus(&m->topo);
	struct json_object *new = mapped(v, table, n);

	if (!new)
		return errbuf_set(e, KT_DATA,
				  "\"%s\": \"%.60s\" is not within the topology of the plan", key,
				  json_object_get_string(v));
	json_object_object_add(o, key, new);
	return KT_OK;
}

/* An array of lists, one for each worker. */
static int map_array(const struct host_map *m, struct json_object *a, struct errbuf *e)
{
	size_t i, n = json_object_array_length(a);
	struct json_object *new;

	for (i = 0; i < n; i++) {
		new = mapped(json_object_array_get_idx(a, i), m->cpu, topo_cpus(&m->topo));
		if (!new)
			return errbuf_set(e, KT_DATA, "an affinity is not within the topology");
		json_object_array_put_idx(a, i, new);
	}
	return KT_OK;
}

static int map_object(const struct host_map *m, struct json_object *o, struct errbuf *e)
{
	int rc = KT_OK;

	rec_each (o, key, v) {
		bool cpus = strcmp(key, "cpus") == 0 || strcmp(key, "pool") == 0;
		bool nodes = strcmp(key, "mems") == 0 || strcmp(key, "nodes") == 0;

		if (rc)
			break;
		if ((cpus || nodes) && json_object_is_type(v, json_type_string))
			rc = map_list(m, o, key, v, nodes, e);
		else if (cpus && json_object_is_type(v, json_type_array))
			rc = map_array(m, v, e);
		else
			rc = map_value(m, v, e);
	}
	return rc;
}

static int map_value(const struct host_map *m, struct json_object *v, struct errbuf *e)
{
	size_t i;
	int rc = KT_OK;

	if (json_object_is_type(v, json_type_object))
		return map_object(m, v, e);
	if (json_object_is_type(v, json_type_array))
		for (i = 0; i < json_object_array_length(v) && !rc; i++)
			rc = map_value(m, json_object_array_get_idx(v, i), e);
	return rc;
}

int host_map_plan(const struct host_map *m, struct json_object *plan, struct errbuf *e)
{
	int rc = map_value(m, rec_get_obj(plan, "backdrop"), e);

	return rc ? rc : map_value(m, rec_get_arr(plan, "steps"), e);
}
