// SPDX-License-Identifier: GPL-2.0-only
/* Describes a topology as a record. */
#include <stdlib.h>

#include "apicid.h"
#include "record.h"
#include "toporec.h"

static struct json_object *cpus_array(const struct topo *t)
{
	unsigned int cpu, n = topo_cpus(t);
	struct json_object *arr = json_object_new_array_ext((int)n);

	for (cpu = 0; cpu < n; cpu++) {
		struct json_object *o = json_object_new_object();

		rec_int(o, "id", cpu);
		rec_int(o, "apic_id", apicid(t, cpu));
		rec_int(o, "node", topo_node(t, cpu));
		rec_int(o, "llc", topo_llc(t, cpu));
		rec_int(o, "core", topo_core(t, cpu));
		rec_int(o, "thread", topo_thread(t, cpu));
		json_object_array_add(arr, o);
	}
	return arr;
}

static struct json_object *nodes_array(const struct topo *t, const struct memory *m)
{
	struct json_object *arr = json_object_new_array();
	char text[CPULIST_TEXT_MAX];
	struct cpulist cpus;
	unsigned int node;

	for (node = 0; node < t->nodes; node++) {
		struct json_object *o = json_object_new_object();

		topo_node_cpus(t, node, &cpus);
		rec_int(o, "id", node);
		rec_int(o, "memory_mib", m->node_mib[node]);
		rec_str(o, "cpus", cpulist_format(&cpus, text));
		json_object_array_add(arr, o);
	}
	return arr;
}

static struct json_object *distances(const struct topo *t)
{
	struct json_object *rows = json_object_new_array();
	unsigned int from, to;

	for (from = 0; from < t->nodes; from++) {
		struct json_object *row = json_object_new_array();

		for (to = 0; to < t->nodes; to++)
			json_object_array_add(row,
					      json_object_new_int((int)acpi_distance(from, to)));
		json_object_array_add(rows, row);
	}
	return rows;
}

static struct json_object *memory_array(const struct memory *m)
{
	struct json_object *arr = json_object_new_array();
	unsigned int i;

	for (i = 0; i < m->ranges; i++) {
		struct json_object *o = json_object_new_object();

		rec_int(o, "node", m->range[i].node);
		rec_int(o, "gpa", (int64_t)m->range[i].gpa);
		rec_int(o, "length", (int64_t)m->range[i].length);
		json_object_array_add(arr, o);
	}
	return arr;
}

static struct json_object *acpi_object(const struct acpi *a)
{
	struct json_object *acpi = json_object_new_object(), *arr = json_object_new_array();
	char *image = rec_b64_encode(a->image, a->len);
	unsigned int i;

	for (i = 0; i < a->tables; i++) {
		struct json_object *o = json_object_new_object();

		rec_str(o, "signature", a->table[i].signature);
		rec_int(o, "offset", (int64_t)a->table[i].offset);
		rec_int(o, "length", (int64_t)a->table[i].length);
		json_object_array_add(arr, o);
	}
	rec_int(acpi, "base", ACPI_BASE);
	rec_int(acpi, "rsdp", ACPI_BASE);
	rec_str(acpi, "image", image);
	rec_add(acpi, "tables", arr);
	free(image);
	return acpi;
}

struct json_object *toporec_new(const struct topo *t, const char *name, const struct memory *m,
				const struct acpi *a)
{
	struct json_object *o = rec_new("topology");
	char spec[TOPO_SPEC_MAX];

	rec_str(o, "spec", topo_format(t, spec));
	rec_str(o, "name", name);
	rec_int(o, "numa_nodes", t->nodes);
	rec_int(o, "llcs", t->llcs);
	rec_int(o, "cores_per_llc", t->cores);
	rec_int(o, "threads_per_core", t->threads);
	rec_add(o, "cpus", cpus_array(t));
	rec_add(o, "nodes", nodes_array(t, m));
	rec_add(o, "distances", distances(t));
	rec_add(o, "memory", memory_array(m));
	rec_add(o, "acpi", acpi_object(a));
	return o;
}
