// SPDX-License-Identifier: GPL-2.0-only
/* The structures of the HMAT: one for each node's memory, and the two matrices. */
#include <string.h>

#include "acpi.h"
#include "hmat.h"
#include "tables.h"

/* Matrix entries are 16 bits wide and count in these units. */
#define LATENCY_UNIT_PS    100000
#define BANDWIDTH_UNIT_MBS 10240

enum { LATENCY = 0, BANDWIDTH = 3 }; /* of reads and writes alike */

_Static_assert(HMAT_LOCAL_NS * 1000 % LATENCY_UNIT_PS == 0, "whole units");
_Static_assert(HMAT_LOCAL_MBS % BANDWIDTH_UNIT_MBS == 0, "whole units");

static size_t locality_size(unsigned int nodes)
{
	return sizeof(struct acpi_hmat_locality) + 2 * nodes * sizeof(uint32_t) +
	       nodes * nodes * sizeof(uint16_t);
}

size_t hmat_size(unsigned int nodes)
{
	return nodes * sizeof(struct acpi_hmat_proximity) + 2 * locality_size(nodes);
}

/* Returns one entry, at least 1: 0 would mean "not reachable". */
static uint16_t entry(unsigned int type, unsigned int from, unsigned int to)
{
	unsigned int v, d = acpi_distance(from, to);

	if (type == LATENCY)
		v = HMAT_LOCAL_NS * 1000 / LATENCY_UNIT_PS * d / 10;
	else
		v = HMAT_LOCAL_MBS / BANDWIDTH_UNIT_MBS * 10 / d;
	return (uint16_t)(v ? v : 1);
}

static uint8_t *proximity(uint8_t *to, unsigned int node)
{
	struct acpi_hmat_proximity p = {
		.type = 0,
		.length = sizeof(p),
		.flags = 1, /* the initiator is valid */
		.initiator = node,
		.memory = node,
	};

	memcpy(to, &p, sizeof(p));
	return to + sizeof(p);
}

/* Writes one matrix: its head, the initiators, the targets, then a row for each initiator. */
static uint8_t *locality(uint8_t *to, unsigned int type, unsigned int nodes)
{
	struct acpi_hmat_locality l = {
		.type = 1,
		.length = (uint32_t)locality_size(nodes),
		.data_type = (uint8_t)type,
		.initiators = nodes,
		.targets = nodes,
		.unit = type == LATENCY ? LATENCY_UNIT_PS : BANDWIDTH_UNIT_MBS,
	};
	uint32_t i;

	memcpy(to, &l, sizeof(l));
	to += sizeof(l);
	for (i = 0; i < 2 * nodes; i++) {
		uint32_t node = i % nodes;

		memcpy(to, &node, sizeof(node));
		to += sizeof(node);
	}
	for (i = 0; i < nodes * nodes; i++) {
		uint16_t v = entry(type, i / nodes, i % nodes);

		memcpy(to, &v, sizeof(v));
		to += sizeof(v);
	}
	return to;
}

void hmat_body(uint8_t *to, unsigned int nodes)
{
	unsigned int node;

	for (node = 0; node < nodes; node++)
		to = proximity(to, node);
	to = locality(to, LATENCY, nodes);
	locality(to, BANDWIDTH, nodes);
}
