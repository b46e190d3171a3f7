// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU sets of cgroups. Fractions and parts are of the usable CPUs: all but the last one
 * when there are more than two, so that the guest itself has a CPU to run on.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cpuset.h"
#include "exit.h"
#include "plan/common/context.h"

static const char *const kinds[] = { "llc", "numa", "range", "disjoint", "overlap", "exact", NULL };

struct part {
	int64_t index, of;
	double fraction;
};

static unsigned int usable_cpus(const struct topo *t)
{
	unsigned int n = topo_cpus(t);

	return n > 2 ? n - 1 : n;
}

static void add_range(struct cpulist *l, unsigned int from, unsigned int to)
{
	cpulist_clear(l);
	while (from < to)
		cpulist_add(l, from++);
}

static int llc(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	       struct errbuf *e)
{
	char want[96];
	int64_t i;
	int rc;

	snprintf(want, sizeof(want), "an LLC of topology '%s',", ctx->spec);
	rc = node_whole(n, 0, ctx->topo.llcs - 1, want, &i, e);
	if (!rc)
		topo_llc_cpus(&ctx->topo, i, l);
	return rc;
}

static int numa(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		struct errbuf *e)
{
	char want[96];
	int64_t i;
	int rc;

	snprintf(want, sizeof(want), "a NUMA node of topology '%s',", ctx->spec);
	rc = node_whole(n, 0, ctx->topo.nodes - 1, want, &i, e);
	if (!rc)
		topo_node_cpus(&ctx->topo, i, l);
	return rc;
}

/* The CPU at a fraction; 0.29 of 100 is 29 although the product is a little less. */
static unsigned int at_fraction(unsigned int cpus, double f)
{
	return (unsigned int)floor(cpus * f + 1e-9);
}

static int range(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		 struct errbuf *e)
{
	static const char want[] = "two fractions such as [0, 0.5]";
	unsigned int cpus = usable_cpus(&ctx->topo);
	struct node from, to;
	double a, b;
	int rc = node_array(n, want, e);

	if (!rc && node_count(n) != 2)
		rc = node_expected(n, e, want);
	if (rc)
		return rc;
	from = node_item(n, 0);
	to = node_item(n, 1);
	rc = node_number(&from, 0, 1, "a fraction from 0 to 1", &a, e);
	if (!rc)
		rc = node_number(&to, 0, 1, "a fraction from 0 to 1", &b, e);
	if (rc)
		return rc;
	if (a >= b)
		return node_fail(n, e, "\"range\": %g is not below %g", a, b);
	add_range(l, at_fraction(cpus, a), at_fraction(cpus, b));
	if (!cpulist_count(l))
		return node_fail(n, e, "\"range\": no CPU is between %g and %g of %u usable CPUs",
				 a, b, cpus);
	return KT_OK;
}

/* "index" and "of", from the members of an object or from an array of two. */
static int read_part(const struct node *n, const struct plan_ctx *ctx, struct part *p,
		     struct errbuf *e)
{
	unsigned int cpus = usable_cpus(&ctx->topo);
	bool list = json_object_is_type(n->v, json_type_array);
	struct node index, of;
	char want[64];
	int rc;

	if (list) {
		if (node_count(n) != 2)
			return node_expected(n, e, "[index, of]");
		index = node_item(n, 0);
		of = node_item(n, 1);
	} else {
		if (!node_get(n, "index", &index) || !node_get(n, "of", &of))
			return node_fail(n, e, "\"%s\": needs \"index\" and \"of\"", n->key);
	}
	snprintf(want, sizeof(want), "a number of parts of %u usable CPUs,", cpus);
	rc = node_whole(&of, 1, cpus, want, &p->of, e);
	if (!rc)
		rc = node_whole(&index, 0, p->of - 1, "a part", &p->index, e);
	return rc;
}

static void add_part(const struct part *p, const struct plan_ctx *ctx, struct cpulist *l)
{
	unsigned int cpus = usable_cpus(&ctx->topo), chunk = cpus / (unsigned int)p->of;
	unsigned int from = chunk * (unsigned int)p->index;
	unsigned int to = p->index == p->of - 1 ? cpus : from + chunk;
	unsigned int more = at_fraction(chunk, p->fraction);

	add_range(l, from > more ? from - more : 0, to + more < cpus ? to + more : cpus);
}

static int disjoint(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		    struct errbuf *e)
{
	static const char *const keys[] = { "index", "of", NULL };
	struct part p = { .fraction = 0 };
	int rc = KT_OK;

	if (!json_object_is_type(n->v, json_type_array))
		rc = node_object(n, "[index, of]", e);
	if (!rc && json_object_is_type(n->v, json_type_object))
		rc = node_keys(n, keys, "\"disjoint\"", e);
	if (!rc)
		rc = read_part(n, ctx, &p, e);
	if (!rc)
		add_part(&p, ctx, l);
	return rc;
}

static int overlap(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		   struct errbuf *e)
{
	static const char *const keys[] = { "index", "of", "fraction", NULL };
	struct node fraction;
	struct part p;
	int rc = node_object(n, "an object with \"index\", \"of\" and \"fraction\"", e);

	if (!rc)
		rc = node_keys(n, keys, "\"overlap\"", e);
	if (!rc)
		rc = read_part(n, ctx, &p, e);
	if (!rc && !node_get(n, "fraction", &fraction))
		return node_fail(n, e, "\"overlap\": needs \"fraction\"");
	if (!rc)
		rc = node_number(&fraction, 0, 1, "a fraction from 0 to 1", &p.fraction, e);
	if (!rc)
		add_part(&p, ctx, l);
	return rc;
}

static int exact(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		 struct errbuf *e)
{
	const char *key = n->key ? n->key : "exact";
	struct cpulist all;
	struct errbuf why;
	const char *s;
	int rc = node_string(n, "a CPU list such as \"0-2,5\"", &s, e);

	if (rc)
		return rc;
	if (cpulist_parse(s, l, &why))
		return node_fail(n, e, "\"%s\": %.160s", key, why.text);
	if (!cpulist_count(l))
		return node_fail(n, e, "\"%s\": the CPU list is empty", key);
	add_range(&all, 0, topo_cpus(&ctx->topo));
	if (!cpulist_subset(l, &all))
		return node_fail(n, e,
				 "\"%s\": topology '%s' has only the CPUs 0 to %u, found \"%.40s\"",
				 key, ctx->spec, topo_cpus(&ctx->topo) - 1, s);
	return KT_OK;
}

int plan_cpuset(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		struct errbuf *e)
{
	static int (*const resolve[])(const struct node *, const struct plan_ctx *,
				      struct cpulist *, struct errbuf *) = {
		llc, numa, range, disjoint, overlap, exact,
	};
	static const char want[] = "an object with one of llc, numa, range, disjoint, overlap or "
				   "exact";
	struct node m;
	char what[64];
	int rc = node_object(n, want, e), i;

	snprintf(what, sizeof(what), "\"%s\"", n->key);
	if (!rc)
		rc = node_keys(n, kinds, what, e);
	if (rc)
		return rc;
	if (node_count(n) != 1)
		return node_fail(n, e, "%s: expected %s, found %zu of them", what, want,
				 node_count(n));
	for (i = 0; !node_get(n, kinds[i], &m); i++)
		;
	return resolve[i](&m, ctx, l, e);
}

int plan_cpus(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l, struct errbuf *e)
{
	if (json_object_is_type(n->v, json_type_object))
		return plan_cpuset(n, ctx, l, e);
	return exact(n, ctx, l, e);
}
