// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "topo.h"
#include "unit.h"

static struct errbuf e;
static char spec[TOPO_SPEC_MAX];

static const char *canonical(const char *s)
{
	struct topo t;

	return topo_parse(s, &t, NULL, &e) ? e.text : topo_format(&t, spec);
}

TEST(specs)
{
	CHECK_STR(canonical("2l2c1t"), "1n2l2c1t");
	CHECK_STR(canonical("1n2l4c2t"), "1n2l4c2t");
	CHECK_STR(canonical("4n12l8c2t"), "4n12l8c2t");
	CHECK_STR(canonical("1l1c1t"), "1n1l1c1t");
	CHECK_STR(canonical("4n32l16c2t"), "4n32l16c2t");
	CHECK_STR(canonical("64n64l1c1t"), "64n64l1c1t");
	CHECK_STR(canonical("odd-3llc"), "1n3l3c1t");
}

TEST(no_specs)
{
	static const char *const bad[] = { "",        "3x2y",      "2l2c",    "2l2c1",
					   "2l2c1tx", " 2l2c1t",   "2L2C1T",  "2c2l1t",
					   "-2l2c1t", "l2c1t",     "2l2c1t ", "tiny-9llc",
					   "n2l2c1t", "1n1n2l2c1t" };
	struct topo t;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(topo_parse(bad[i], &t, NULL, &e), -EINVAL);
	CHECK_STR(canonical("3x2y"),
		  "'3x2y' is no topology (expected [Nn]NlNcNt such as 2l2c1t or 1n2l4c2t, or a "
		  "preset: see 'kt-topo --list')");
}

TEST(limits)
{
	CHECK_STR(canonical("2n5l2c1t"),
		  "topology '2n5l2c1t': 5 LLCs cannot be spread evenly over 2 NUMA nodes (llcs "
		  "must be a multiple of nodes)");
	CHECK_STR(canonical("2n1l2c1t"),
		  "topology '2n1l2c1t': 1 LLC cannot be spread evenly over 2 NUMA nodes (llcs "
		  "must be a multiple of nodes)");
	CHECK_STR(canonical("2l0c1t"), "topology '2l0c1t': every count must be at least 1");
	CHECK_STR(canonical("0n2l2c1t"), "topology '0n2l2c1t': every count must be at least 1");
	CHECK_STR(canonical("1l1024c1t"), "1n1l1024c1t");
	CHECK_STR(canonical("1l1025c1t"), "topology '1l1025c1t': more than 1024 CPUs");
	CHECK_STR(canonical("99999999999999999999l4294967296c4294967296t"),
		  "topology '99999999999999999999l4294967296c4294967296t': more than 1024 CPUs");
	CHECK_STR(canonical("65n65l1c1t"), "topology '65n65l1c1t': more than 64 NUMA nodes");
}

TEST(presets)
{
	const struct topo_preset *p, *found;
	struct topo t;
	int n = 0;

	for (p = topo_presets; p->name; p++, n++) {
		CHECK_INT(topo_parse(p->name, &t, &found, &e), 0);
		CHECK(found == p);
		CHECK_STR(topo_format(&t, spec), p->spec);
		CHECK(p->memory_mib >= 2048);
	}
	CHECK_INT(n, 24);
	CHECK_INT(topo_parse("1n2l2c1t", &t, &found, &e), 0);
	CHECK(found == NULL); /* a spec is no preset, even if one has it */
	topo_parse("max-cpu", &t, NULL, &e);
	CHECK_INT(topo_cpus(&t), 252);
}

TEST(places)
{
	struct topo t;
	struct cpulist l;
	char text[CPULIST_TEXT_MAX];

	CHECK_INT(topo_parse("2n4l3c2t", &t, NULL, &e), 0);
	CHECK_INT(topo_cpus(&t), 24);
	CHECK_INT(topo_llc(&t, 11), 1);
	CHECK_INT(topo_core(&t, 11), 2);
	CHECK_INT(topo_thread(&t, 11), 1);
	CHECK_INT(topo_node(&t, 11), 0);
	CHECK_INT(topo_node(&t, 12), 1);
	CHECK_INT(topo_llc(&t, 23), 3);
	topo_llc_cpus(&t, 2, &l);
	CHECK_STR(cpulist_format(&l, text), "12-17");
	topo_node_cpus(&t, 1, &l);
	CHECK_STR(cpulist_format(&l, text), "12-23");
	CHECK_INT(topo_bits(1), 0);
	CHECK_INT(topo_bits(2), 1);
	CHECK_INT(topo_bits(3), 2);
	CHECK_INT(topo_bits(4), 2);
	CHECK_INT(topo_bits(5), 3);
	CHECK_INT(topo_bits(1024), 10);
}

UNIT_MAIN(T(specs), T(no_specs), T(limits), T(presets), T(places))
