// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-topo/acpi.c kt-topo/aml.c kt-topo/apicid.c kt-topo/dsdt.c kt-topo/hmat.c
// LINK: kt-topo/memory.c
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-topo/acpi.h"
#include "topo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses is within the limits, survives its canonical form, and its tables fit. */
static void check(const struct topo *t)
{
	static struct acpi a;
	static struct memory m;
	char spec[TOPO_SPEC_MAX];
	struct topo again;

	if (!topo_cpus(t) || topo_cpus(t) > TOPO_MAX_CPUS || t->nodes > TOPO_MAX_NODES ||
	    t->llcs % t->nodes)
		abort();
	if (topo_parse(topo_format(t, spec), &again, NULL, NULL) ||
	    memcmp(t, &again, sizeof(again)))
		abort();
	memory_map(&m, t, 2048);
	if (acpi_build(&a, t, &m))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = strndup((const char *)data, size);
	struct errbuf e = { "" };
	struct topo t;

	if (!topo_parse(s, &t, NULL, &e))
		check(&t);
	else if (!e.text[0])
		abort();
	free(s);
	return 0;
}
