// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the memory of workers lies. A ratio of no pages at all says nothing (inconclusive),
 * but where the plan binds memory to nodes: there it says that it is not on them.
 */
#include <math.h>

#include "judge/check.h"
#include "pages.h"

static uint64_t total(const struct group *g)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; g->pages && i < MODEL_MAX_NODES; i++)
		sum = arith_add(sum, g->pages->node[i]);
	return sum;
}

/* Pages on the nodes of a list. */
static uint64_t pages_on(const struct group *g, const struct cpulist *nodes)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < MODEL_MAX_NODES; i++)
		if (cpulist_has(nodes, i))
			sum = arith_add(sum, g->pages->node[i]);
	return sum;
}

/* The nodes on which a group's memory belongs: the plan's, or those of its CPUs. */
static bool nodes_of(const struct judge *j, const struct group *g, struct cpulist *nodes)
{
	const char *mems = j->m->places[g->place].mems;
	struct cpulist cpus, rest;
	struct errbuf e;
	uint32_t i;

	cpulist_clear(nodes);
	if (mems)
		return cpulist_parse(mems, nodes, &e) == 0;
	if (!g->cpuset || cpulist_parse(g->cpuset, &cpus, &e))
		return false;
	for (i = 0; i < j->m->nnodes; i++) {
		rest = cpus;
		cpulist_andnot(&rest, &j->m->node_cpus[i]);
		if (cpulist_count(&rest) < cpulist_count(&cpus))
			cpulist_add(nodes, i);
	}
	return true;
}

/* Says what has no pages, when that is so. */
static bool no_pages(struct judge *j, const struct check *c, const struct group *g,
		     const char *noun)
{
	struct finding f = finding_with(j, c, g, NULL, NAN);

	if (g->pages && total(g))
		return false;
	if (g->bind && g->pages) {
		f.observed = 0;
		judge_say(j, V_FAIL, &f, "no %s: memory is bound to nodes, and no page was seen",
			  noun);
	} else {
		judge_say(j, V_INCONCLUSIVE, &f, "no %s: %s", noun,
			  g->pages ? "no page was seen" : "no worker told where its pages are");
	}
	return true;
}

static void say_ratio(struct judge *j, const struct check *c, const struct group *g, uint64_t part,
		      bool floor, const char *noun, const char *what)
{
	uint64_t all = total(g);
	struct finding f = finding_with(j, c, g, NULL, (double)part / (double)all);
	int d = finding_digits(f.observed, f.limit, 3);
	bool bad = floor ? f.observed < f.limit : f.observed > f.limit;

	judge_say(j, bad ? V_FAIL : V_PASS, &f, "%s %.*f %s %s %.*f (%llu %s, %llu pages)", noun, d,
		  f.observed, bad ? (floor ? "below" : "above") : (floor ? "meets" : "within"),
		  floor ? "floor" : "limit", d, f.limit, (unsigned long long)part, what,
		  (unsigned long long)all);
}

/* Only the topology says which nodes are where. */
static bool no_topology(struct judge *j, const struct check *c, const struct group *g,
			const char *noun)
{
	struct finding f = finding_with(j, c, g, NULL, NAN);

	if (j->m->nnodes)
		return false;
	judge_say(j, V_INCONCLUSIVE, &f, "no %s: no record says which nodes there are", noun);
	return true;
}

void check_page_locality(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_with(j, c, g, NULL, NAN);
	static const char noun[] = "page locality";
	struct cpulist nodes;

	if (!j->m->places[g->place].mems && !g->cpuset)
		judge_say(j, V_SKIP, &f, "has no cpuset");
	else if (!no_topology(j, c, g, noun) && !no_pages(j, c, g, noun) && nodes_of(j, g, &nodes))
		say_ratio(j, c, g, pages_on(g, &nodes), true, noun, "local");
}

void check_cross_node(struct judge *j, const struct check *c, const struct group *g)
{
	static const char noun[] = "cross-node migration ratio";

	if (!no_pages(j, c, g, noun))
		say_ratio(j, c, g, g->pages->migrated, false, noun, "migrated");
}

void check_slow_tier(struct judge *j, const struct check *c, const struct group *g)
{
	static const char noun[] = "slow-tier ratio";
	struct cpulist slow;
	uint32_t i;

	if (no_topology(j, c, g, noun) || no_pages(j, c, g, noun))
		return;
	cpulist_clear(&slow);
	for (i = 0; i < j->m->nnodes; i++)
		if (!cpulist_count(&j->m->node_cpus[i]))
			cpulist_add(&slow, i);
	say_ratio(j, c, g, pages_on(g, &slow), false, noun, "on nodes without CPUs");
}
