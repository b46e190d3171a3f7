// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/host/map.c
/* A plan's topology laid over machines that number their CPUs in their own ways. */
#include <stdio.h>

#include "kt-guest/host/map.h"
#include "exit.h"
#include "record.h"
#include "unit.h"

/* One CPU as a topology record has it. */
static void add_cpu(struct json_object *cpus, int id, int node, const char *smt, const char *llc)
{
	struct json_object *c = json_object_new_object();

	rec_int(c, "id", id);
	rec_int(c, "package", 0);
	rec_int(c, "node", node);
	rec_str(c, "smt_cpus", smt);
	rec_str(c, "llc_cpus", llc);
	json_object_array_add(cpus, c);
}

/*
 * 2 nodes, each an LLC of 2 cores of 2 threads; siblings are 4 apart, as firmware likes it:
 * cores 0,4 and 1,5 in LLC and node 0; 2,6 and 3,7 in LLC and node 1.
 */
static struct json_object *machine(void)
{
	static const char *const smt[] = { "0,4", "1,5", "2,6", "3,7" };
	struct json_object *o = json_object_new_object(), *cpus = json_object_new_array();
	int i;

	for (i = 0; i < 8; i++)
		add_cpu(cpus, i, i % 4 / 2, smt[i % 4], i % 4 < 2 ? "0-1,4-5" : "2-3,6-7");
	rec_add(o, "cpus", cpus);
	return o;
}

static int make(struct host_map *m, const char *spec, const char *allowed, struct errbuf *e)
{
	struct json_object *o = machine();
	struct cpulist l;
	int rc;

	CHECK_INT(cpulist_parse(allowed, &l, e), 0);
	rc = host_map_make(m, spec, o, &l, e);
	json_object_put(o);
	return rc;
}

static const char *cpus_of(const struct host_map *m)
{
	static char text[256];
	unsigned int i, n = 0;

	text[0] = '\0';
	for (i = 0; i < topo_cpus(&m->topo); i++)
		n += (unsigned int)snprintf(text + n, sizeof(text) - n, "%s%u", i ? " " : "",
					    m->cpu[i]);
	return text;
}

TEST(siblings_llcs_and_nodes_keep_together)
{
	struct host_map m;
	struct errbuf e;

	CHECK_INT(make(&m, "2n2l2c2t", "0-7", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "0 4 1 5 2 6 3 7");
	CHECK_INT(m.node[0], 0);
	CHECK_INT(m.node[1], 1);
	CHECK_INT(make(&m, "1l2c2t", "0-7", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "0 4 1 5");
	/* one thread of each core: whoever is alone on a core there is so here */
	CHECK_INT(make(&m, "2l2c1t", "0-7", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "0 1 2 3");
	/* CPUs that are not ours are passed by */
	CHECK_INT(make(&m, "1l2c1t", "1,4,6", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "1 4");
	CHECK_INT(make(&m, "1l1c2t", "1-7", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "1 5");
	CHECK_INT(make(&m, "1l2c2t", "2-4,6-7", &e), KT_OK);
	CHECK_STR(cpus_of(&m), "2 6 3 7");
	CHECK_INT(m.node[0], 1);
}

TEST(what_a_machine_has_not)
{
	struct host_map m;
	struct errbuf e;

	CHECK_INT(make(&m, "3l1c1t", "0-7", &e), KT_HOST);
	CHECK_STR(e.text,
		  "this machine has not the topology 3l1c1t: 3 LLCs with 1 core of 1 thread "
		  "on 1 NUMA node (of 8 CPUs that may be used here)");
	CHECK_INT(make(&m, "1l3c1t", "0-7", &e), KT_HOST);
	CHECK_INT(make(&m, "1l2c2t", "0-6", &e), KT_OK);
	CHECK_INT(make(&m, "2l2c2t", "0-6", &e), KT_HOST);
	CHECK_INT(make(&m, "2n4l1c1t", "0-7", &e), KT_HOST);
	CHECK_INT(make(&m, "2n2l1c1t", "0-1", &e), KT_HOST);
	CHECK_INT(make(&m, "nonsense", "0-1", &e), KT_DATA);
}

TEST(lists_of_a_plan)
{
	static const char text[] =
		"{\"backdrop\":null,\"steps\":[{\"cgroups\":[{\"name\":\"a\",\"cpus\":\"0-1\","
		"\"mems\":\"1\",\"groups\":[{\"workers\":2,\"affinity\":{\"kind\":\"each\","
		"\"cpus\":[\"2-3\",\"0\"]},\"mem_policy\":{\"mode\":\"bind\",\"nodes\":\"0-1\"}}]}],"
		"\"ops\":[{\"op\":\"set_affinity\",\"affinity\":{\"kind\":\"random\",\"pool\":\"1,7\","
		"\"count\":2}},{\"op\":\"set_cpuset\",\"cpus\":\"\"}]}]}";
	struct json_object *plan = json_tokener_parse(text);
	struct host_map m;
	struct errbuf e;

	CHECK_INT(make(&m, "2n2l2c2t", "0-7", &e), KT_OK);
	CHECK_INT(host_map_plan(&m, plan, &e), KT_OK);
	CHECK_STR(
		json_object_to_json_string_ext(plan, JSON_C_TO_STRING_PLAIN),
		"{\"backdrop\":null,\"steps\":[{\"cgroups\":[{\"name\":\"a\",\"cpus\":\"0,4\","
		"\"mems\":\"1\",\"groups\":[{\"workers\":2,\"affinity\":{\"kind\":\"each\","
		"\"cpus\":[\"1,5\",\"0\"]},\"mem_policy\":{\"mode\":\"bind\",\"nodes\":\"0-1\"}}]}],"
		"\"ops\":[{\"op\":\"set_affinity\",\"affinity\":{\"kind\":\"random\",\"pool\":"
		"\"4,7\",\"count\":2}},{\"op\":\"set_cpuset\",\"cpus\":\"\"}]}]}");
	json_object_put(plan);
	plan = json_tokener_parse("{\"steps\":[{\"cgroups\":[{\"cpus\":\"9\"}]}]}");
	CHECK_INT(host_map_plan(&m, plan, &e), KT_DATA);
	CHECK_STR(e.text, "\"cpus\": \"9\" is not within the topology of the plan");
	json_object_put(plan);
}

UNIT_MAIN(T(siblings_llcs_and_nodes_keep_together), T(what_a_machine_has_not), T(lists_of_a_plan))
