// SPDX-License-Identifier: GPL-2.0-only
/* "affinity": which CPUs of those that a cgroup may use its workers keep to. */
#include <stdio.h>
#include <string.h>

#include "affinity.h"
#include "cpuset.h"
#include "exit.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "record.h"
#include "suggest.h"

/* What an affinity is resolved for. */
struct pool {
	const struct plan_ctx *ctx;
	struct cpulist cpus; /* that the workers may use */
	unsigned int count;
	struct json_object *out;
};

static int put_exact(const struct pool *p, const struct cpulist *l)
{
	char text[CPULIST_TEXT_MAX];

	rec_str(p->out, "kind", "exact");
	rec_str(p->out, "cpus", cpulist_format(l, text));
	return KT_OK;
}

static int put_random(const struct pool *p, const struct cpulist *l, int64_t count)
{
	char text[CPULIST_TEXT_MAX];

	rec_str(p->out, "kind", "random");
	rec_str(p->out, "pool", cpulist_format(l, text));
	rec_int(p->out, "count", count);
	return KT_OK;
}

static int random_half(const struct node *n, const struct pool *p, struct errbuf *e)
{
	(void)n, (void)e;
	return put_random(p, &p->cpus, p->count > 1 ? p->count / 2 : 1);
}

/* The LLC of which the pool has most CPUs; of equals the first. */
static int llc_aligned(const struct node *n, const struct pool *p, struct errbuf *e)
{
	struct cpulist best, l, rest;
	unsigned int i, most = 0;

	(void)n, (void)e;
	for (i = 0; i < p->ctx->topo.llcs; i++) {
		topo_llc_cpus(&p->ctx->topo, i, &l);
		rest = p->cpus;
		cpulist_andnot(&rest, &l);
		if (p->count - cpulist_count(&rest) <= most)
			continue;
		most = p->count - cpulist_count(&rest);
		best = p->cpus;
		cpulist_andnot(&best, &rest);
	}
	return put_exact(p, &best);
}

static int cross_cgroup(const struct node *n, const struct pool *p, struct errbuf *e)
{
	struct cpulist all;

	(void)n, (void)e;
	names_cpus(p->ctx, NULL, &all);
	return put_exact(p, &all);
}

static int single_cpu(const struct node *n, const struct pool *p, struct errbuf *e)
{
	struct cpulist l;

	(void)n, (void)e;
	cpulist_clear(&l);
	cpulist_add(&l, (unsigned int)cpulist_next(&p->cpus, -1));
	return put_exact(p, &l);
}

/* Workers 0 and 1 have the first two threads of the first core, 2 and 3 those of the next. */
static int smt_sibling_pair(const struct node *n, const struct pool *p, struct errbuf *e)
{
	struct json_object *list = json_object_new_array();
	char text[CPULIST_TEXT_MAX];
	struct cpulist pair;
	int cpu;

	rec_str(p->out, "kind", "each");
	rec_add(p->out, "cpus", list);
	for (cpu = -1; (cpu = cpulist_next(&p->cpus, cpu)) >= 0;) {
		if (p->ctx->topo.threads < 2 || topo_thread(&p->ctx->topo, (unsigned int)cpu) ||
		    !cpulist_has(&p->cpus, (unsigned int)cpu + 1))
			continue;
		cpulist_clear(&pair);
		cpulist_add(&pair, (unsigned int)cpu);
		cpulist_add(&pair, (unsigned int)cpu + 1);
		cpulist_format(&pair, text);
		json_object_array_add(list, json_object_new_string(text));
		json_object_array_add(list, json_object_new_string(text));
	}
	if (json_object_array_length(list))
		return KT_OK;
	return node_fail(
		n, e,
		"\"affinity\": no two sibling threads are among the CPUs %.80s of topology "
		"'%s'",
		cpulist_format(&p->cpus, text), p->ctx->spec);
}

/* A CPU list, or what a "cpuset" takes; within the pool. */
static int read_cpus(const struct node *n, const struct pool *p, struct cpulist *l,
		     struct errbuf *e)
{
	char a[CPULIST_TEXT_MAX], b[CPULIST_TEXT_MAX];
	int rc = plan_cpus(n, p->ctx, l, e);

	if (rc || cpulist_subset(l, &p->cpus))
		return rc;
	return node_fail(
		n, e,
		"\"%s\": CPUs %.80s are not within %.80s, which the workers may use at this "
		"point",
		n->key, cpulist_format(l, a), cpulist_format(&p->cpus, b));
}

static int exact(const struct node *n, const struct pool *p, struct errbuf *e)
{
	struct cpulist l;
	int rc = read_cpus(n, p, &l, e);

	return rc ? rc : put_exact(p, &l);
}

static int random_subset(const struct node *n, const struct pool *p, struct errbuf *e)
{
	static const char *const keys[] = { "count", "pool", NULL };
	struct cpulist l = p->cpus;
	int64_t count, most;
	char want[64];
	struct node m;
	int rc = node_keys(n, keys, "\"random\"", e);

	if (!rc && node_get(n, "pool", &m))
		rc = read_cpus(&m, p, &l, e);
	if (rc)
		return rc;
	most = cpulist_count(&l);
	count = most > 1 ? most / 2 : 1;
	snprintf(want, sizeof(want), "a number of CPUs of a pool of %d,", (int)most);
	if (node_get(n, "count", &m))
		rc = node_whole(&m, 1, most, want, &count, e);
	return rc ? rc : put_random(p, &l, count);
}

static const struct kind {
	const char *name;
	bool object; /* {"name": value}, else the name alone does */
	int (*read)(const struct node *n, const struct pool *p, struct errbuf *e);
} kinds[] = {
	{ "inherit", false, NULL },
	{ "random", false, random_half },
	{ "random", true, random_subset },
	{ "llc_aligned", false, llc_aligned },
	{ "cross_cgroup", false, cross_cgroup },
	{ "single_cpu", false, single_cpu },
	{ "smt_sibling_pair", false, smt_sibling_pair },
	{ "exact", true, exact },
	{ NULL, false, NULL },
};

static int by_name(const struct node *n, const struct pool *p, struct errbuf *e)
{
	const char *name = json_object_get_string(n->v);
	struct suggest s = { .word = name };
	const struct kind *k;

	for (k = kinds; k->name; k++) {
		if (!k->object && strcmp(k->name, name) == 0)
			return k->read ? k->read(n, p, e) : KT_OK;
		if (!k->object)
			suggest_try(&s, k->name);
	}
	if (s.best)
		return node_fail(n, e, "unknown affinity \"%.40s\" (did you mean \"%s\"?)", name,
				 s.best);
	return node_fail(n, e,
			 "unknown affinity \"%.40s\" (expected inherit, random, llc_aligned, "
			 "cross_cgroup, single_cpu, smt_sibling_pair, or an object with random or "
			 "exact)",
			 name);
}

static int by_object(const struct node *n, const struct pool *p, struct errbuf *e)
{
	static const char *const keys[] = { "random", "exact", NULL };
	const struct kind *k;
	struct node m;
	int rc = node_keys(n, keys, "\"affinity\"", e);

	if (!rc && node_count(n) != 1)
		rc = node_fail(n, e,
			       "\"affinity\": expected one of random and exact, found %zu of them",
			       node_count(n));
	if (rc)
		return rc;
	for (k = kinds; !k->object || !node_get(n, k->name, &m); k++)
		;
	return k->read(&m, p, e);
}

int plan_affinity(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		  struct json_object **out, struct errbuf *e)
{
	struct pool p = { .ctx = ctx, .out = json_object_new_object() };
	int rc;

	names_cpus(ctx, c, &p.cpus);
	p.count = cpulist_count(&p.cpus);
	if (json_object_is_type(n->v, json_type_string))
		rc = by_name(n, &p, e);
	else if (json_object_is_type(n->v, json_type_object))
		rc = by_object(n, &p, e);
	else
		rc = node_expected(
			n, e,
			"an affinity such as \"single_cpu\", or an object with random or "
			"exact");
	if (!rc && json_object_object_length(p.out)) {
		*out = p.out;
		return KT_OK;
	}
	*out = NULL; /* inherit */
	json_object_put(p.out);
	return rc;
}
