// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state of the cgroups that plan/names.c knows: CPUs, memory nodes, processes, and the
 * kernel's rules about cgroups within cgroups.
 */
#include <stdio.h>
#include <string.h>

#include "context.h"
#include "exit.h"
#include "names.h"
#include "state.h"

static bool within(const struct cgname *c, const struct cgname *outer)
{
	size_t len = strlen(outer->name);

	return strncmp(c->name, outer->name, len) == 0 && c->name[len] == '/';
}

/* The nearest cgroup around c (NULL: the guest's root), or NULL. */
static struct cgname *parent(const struct names *ns, const struct cgname *c)
{
	struct cgname *best = NULL;
	size_t i;

	for (i = 0; c && i < ns->n; i++)
		if (within(c, ns->v[i]) && (!best || within(ns->v[i], best)))
			best = ns->v[i];
	return best;
}

static void all_cpus(const struct plan_ctx *ctx, struct cpulist *l)
{
	unsigned int i;

	cpulist_clear(l);
	for (i = 0; i < topo_cpus(&ctx->topo); i++)
		cpulist_add(l, i);
}

/* As configured, whatever is offline. */
static void configured_cpus(const struct plan_ctx *ctx, const struct cgname *c, struct cpulist *l)
{
	while (c && !c->own_cpus)
		c = parent(&ctx->names, c);
	if (c)
		*l = c->cpus;
	else
		all_cpus(ctx, l);
}

void names_cpus(const struct plan_ctx *ctx, const struct cgname *c, struct cpulist *l)
{
	configured_cpus(ctx, c, l);
	cpulist_andnot(l, &ctx->names.offline);
}

void names_mems(const struct plan_ctx *ctx, const struct cgname *c, struct cpulist *l)
{
	unsigned int i;

	while (c && !c->own_mems)
		c = parent(&ctx->names, c);
	if (c) {
		*l = c->mems;
		return;
	}
	cpulist_clear(l);
	for (i = 0; i < ctx->topo.nodes; i++)
		cpulist_add(l, i);
}

static int clash(const struct node *at, const char *what, const struct cgname *inner,
		 const struct cpulist *of_inner, const struct cgname *outer,
		 const struct cpulist *of_outer, struct errbuf *e)
{
	char a[CPULIST_TEXT_MAX], b[CPULIST_TEXT_MAX];

	return node_fail(at, e,
			 "%s %.80s of cgroup \"%.80s\" are not within %.80s, those of \"%.80s\"",
			 what, cpulist_format(of_inner, a), inner->name,
			 cpulist_format(of_outer, b), outer->name);
}

/* Against what is around c and what is in it. */
static int check_cpus(struct plan_ctx *ctx, const struct node *at, const struct cgname *c,
		      const struct cpulist *l, struct errbuf *e)
{
	const struct names *ns = &ctx->names;
	const struct cgname *outer = parent(ns, c);
	char text[CPULIST_TEXT_MAX];
	struct cpulist have;
	size_t i;

	configured_cpus(ctx, outer, &have);
	if (outer && !cpulist_subset(l, &have))
		return clash(at, "CPUs", c, l, outer, &have, e);
	for (i = 0; i < ns->n; i++)
		if (ns->v[i]->own_cpus && within(ns->v[i], c) &&
		    !cpulist_subset(&ns->v[i]->cpus, l))
			return clash(at, "CPUs", ns->v[i], &ns->v[i]->cpus, c, l, e);
	if (cpulist_subset(l, &ns->offline))
		return node_fail(at, e, "none of the CPUs %.80s is online at this point",
				 cpulist_format(l, text));
	return KT_OK;
}

static int check_mems(struct plan_ctx *ctx, const struct node *at, const struct cgname *c,
		      const struct cpulist *l, struct errbuf *e)
{
	const struct names *ns = &ctx->names;
	const struct cgname *outer = parent(ns, c);
	struct cpulist have;
	size_t i;

	names_mems(ctx, outer, &have);
	if (outer && !cpulist_subset(l, &have))
		return clash(at, "memory nodes", c, l, outer, &have, e);
	for (i = 0; i < ns->n; i++)
		if (ns->v[i]->own_mems && within(ns->v[i], c) &&
		    !cpulist_subset(&ns->v[i]->mems, l))
			return clash(at, "memory nodes", ns->v[i], &ns->v[i]->mems, c, l, e);
	return KT_OK;
}

static void nodes_of(const struct plan_ctx *ctx, const struct cpulist *cpus, struct cpulist *nodes)
{
	int cpu;

	cpulist_clear(nodes);
	for (cpu = -1; (cpu = cpulist_next(cpus, cpu)) >= 0;)
		cpulist_add(nodes, topo_node(&ctx->topo, (unsigned int)cpu));
}

int names_set_cpus(struct plan_ctx *ctx, const struct node *at, struct cgname *c,
		   const struct cpulist *l, struct errbuf *e)
{
	bool mems = ctx->topo.nodes > 1 && !c->given_mems;
	struct cpulist nodes;
	int rc = check_cpus(ctx, at, c, l, e);

	if (mems)
		nodes_of(ctx, l, &nodes);
	if (!rc && mems)
		rc = check_mems(ctx, at, c, &nodes, e);
	if (rc)
		return rc;
	c->own_cpus = true;
	c->cpus = *l;
	if (mems) {
		c->own_mems = true;
		c->mems = nodes;
	}
	return KT_OK;
}

int names_set_mems(struct plan_ctx *ctx, const struct node *at, struct cgname *c,
		   const struct cpulist *l, struct errbuf *e)
{
	int rc = check_mems(ctx, at, c, l, e);

	if (rc)
		return rc;
	c->own_mems = c->given_mems = true;
	c->mems = *l;
	return KT_OK;
}

void names_clear_cpus(struct cgname *c)
{
	c->own_cpus = false;
	if (!c->given_mems)
		c->own_mems = false;
}

int names_start(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e)
{
	const struct cgname *outer;

	for (outer = c; outer; outer = parent(&ctx->names, outer))
		if (outer->frozen)
			return node_fail(at, e,
					 "cgroup \"%.80s\" is frozen at this point: nothing could "
					 "start in it",
					 outer->name);
	c->procs |= ctx->names.life;
	return KT_OK;
}

int names_work(struct plan_ctx *ctx, const struct node *at, struct cgname *c, struct errbuf *e)
{
	json_object_object_add(ctx->names.known, c->name, json_object_new_boolean(true));
	return names_start(ctx, at, c, e);
}

int names_offline(struct plan_ctx *ctx, const struct node *at, const struct cpulist *l,
		  struct errbuf *e)
{
	struct names *ns = &ctx->names;
	char text[CPULIST_TEXT_MAX];
	struct cpulist off;
	size_t i;
	int cpu;

	if (cpulist_has(l, 0))
		return node_fail(at, e, "CPU 0 cannot go offline: the kernel needs it");
	for (cpu = -1; (cpu = cpulist_next(l, cpu)) >= 0;)
		if (cpulist_has(&ns->offline, (unsigned int)cpu))
			return node_fail(at, e, "CPU %d is offline already at this point", cpu);
	off = ns->offline;
	cpulist_or(&off, l);
	for (i = 0; i < ns->n; i++)
		if (ns->v[i]->own_cpus && cpulist_subset(&ns->v[i]->cpus, &off))
			return node_fail(
				at, e, "cgroup \"%.80s\" would be left without a CPU of its %.80s",
				ns->v[i]->name, cpulist_format(&ns->v[i]->cpus, text));
	ns->offline = off;
	return KT_OK;
}

int names_online(struct plan_ctx *ctx, const struct node *at, const struct cpulist *l,
		 struct errbuf *e)
{
	int cpu;

	for (cpu = -1; (cpu = cpulist_next(l, cpu)) >= 0;)
		if (!cpulist_has(&ctx->names.offline, (unsigned int)cpu))
			return node_fail(at, e, "CPU %d is online already at this point", cpu);
	cpulist_andnot(&ctx->names.offline, l);
	return KT_OK;
}
