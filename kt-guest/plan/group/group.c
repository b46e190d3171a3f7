// SPDX-License-Identifier: GPL-2.0-only
/*
 * Worker groups: workers of one kind with one set of attributes. A group is an item of a
 * cgroup's "groups", the cgroup itself, or what the op spawn starts. What a group leaves unset
 * is as its cgroup has it.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "affinity.h"
#include "control.h"
#include "exit.h"
#include "group.h"
#include "mem.h"
#include "plan/common/context.h"
#include "plan/common/limits.h"
#include "plan/common/lives.h"
#include "plan/common/state.h"
#include "policy.h"
#include "record.h"
#include "work.h"
#include "work/types.h"

#define WORKERS_DEFAULT  2
#define WORKERS_STEP_MAX 65536
#define ID_MAX           4294967294 /* the last one means "none" */
#define COMM_MAX         15

/* What is being resolved. */
struct group {
	struct plan_ctx *ctx;
	const struct plan_group_at *at;
	struct json_object *out;
	const struct work_type *type;
	unsigned int size; /* of a group of its work type */
	int64_t workers;
};

/* A value of the group or, when it has none, of what is around it. */
static bool get(const struct group *g, const char *key, struct node *n)
{
	return node_get(g->at->own, key, n) || (g->at->outer && node_get(g->at->outer, key, n));
}

static int read_work(struct group *g, struct errbuf *e)
{
	struct json_object *work;
	struct node n;
	int rc = KT_OK;

	if (get(g, "work", &n))
		rc = plan_work(&n, g->ctx, &work, &g->size, e);
	else
		work = plan_work_default(&g->size);
	g->type = rc ? NULL : work_type_find(rec_get_str(work, "type", ""));
	rec_add(g->out, "work", work);
	if (!rc && g->type && g->type->moves && !g->at->cgroup)
		return node_fail(g->at->own, e,
				 "%s moves tasks between cgroups, so it needs a cgroup",
				 g->type->name);
	return rc;
}

/* "150%" of the CPUs that there are, and as many more as make the last group whole. */
static int by_percent(const struct group *g, const struct node *n, double pct, int64_t *workers,
		      struct errbuf *e)
{
	struct cpulist cpus;

	names_cpus(g->ctx, g->at->cgroup, &cpus);
	*workers = (int64_t)ceil(cpulist_count(&cpus) * pct / 100 - 1e-9);
	*workers += (g->size - *workers % g->size) % g->size;
	if (*workers <= WORK_WORKERS_MAX)
		return KT_OK;
	return node_fail(n, e, "\"workers\": that would be %lld, more than %d", (long long)*workers,
			 WORK_WORKERS_MAX);
}

/* A second one would compete with the first for what both measure. */
static int check_alone(const struct group *g, const struct node *n, struct errbuf *e)
{
	if (!g->type->alone || g->workers == 1)
		return KT_OK;
	return node_fail(n, e,
			 "\"workers\": one of %s fills its CPUs with threads of its own (expected "
			 "1, found %lld)",
			 g->type->name, (long long)g->workers);
}

/* As many as are of use: two, or one whole group of the type. */
static int64_t default_workers(const struct group *g)
{
	if (g->type->alone)
		return 1;
	return WORKERS_DEFAULT % g->size ? g->size : WORKERS_DEFAULT;
}

static int read_workers(struct group *g, struct errbuf *e)
{
	double pct, most = 100.0 * WORK_WORKERS_MAX;
	int64_t fits;
	struct node n;
	int rc;

	if (!get(g, "workers", &n)) {
		g->workers = default_workers(g);
		return KT_OK;
	}
	if (plan_percent(&n, most, &pct)) {
		rc = by_percent(g, &n, pct, &g->workers, e);
		return rc ? rc : check_alone(g, &n, e);
	}
	if (json_object_is_type(n.v, json_type_string))
		return node_expected(
			&n, e,
			"a whole number from 1 to 4096, or percent of the CPUs such as "
			"\"150%\"");
	rc = node_whole(&n, 1, WORK_WORKERS_MAX, "a whole number", &g->workers, e);
	if (rc || g->workers % g->size == 0)
		return rc ? rc : check_alone(g, &n, e);
	fits = g->workers + g->size - g->workers % g->size;
	return node_fail(&n, e,
			 "\"workers\": those of %s come in groups of %u, so it cannot be %lld "
			 "(such as %lld can)",
			 g->type->name, g->size, (long long)g->workers, (long long)fits);
}

static int count_workers(struct group *g, struct errbuf *e)
{
	g->ctx->workers += (uint64_t)g->workers;
	if (g->ctx->workers <= WORKERS_STEP_MAX)
		return KT_OK;
	return node_fail(g->at->own, e, "more than %d workers in one step", WORKERS_STEP_MAX);
}

static int read_policy(struct group *g, struct errbuf *e)
{
	struct json_object *policy;
	struct node n;
	int rc;

	if (!get(g, "policy", &n))
		return KT_OK;
	rc = plan_policy(&n, &policy, e);
	rec_add(g->out, "policy", policy);
	return rc ? rc : plan_policy_fits(&n, policy, g->ctx, g->at->cgroup, g->workers, e);
}

static int read_nice(struct group *g, struct errbuf *e)
{
	int64_t nice;
	struct node n;
	int rc;

	if (!get(g, "nice", &n))
		return KT_OK;
	rc = node_whole(&n, -20, 19, "a whole number", &nice, e);
	if (!rc)
		rec_int(g->out, "nice", nice);
	return rc;
}

static int read_id(struct group *g, const char *key, struct errbuf *e)
{
	struct node n;
	int64_t id;
	int rc;

	if (!get(g, key, &n))
		return KT_OK;
	rc = node_whole(&n, 0, ID_MAX, "a whole number", &id, e);
	if (!rc)
		rec_int(g->out, key, id);
	return rc;
}

static int read_comm(struct group *g, const char *key, bool *given, struct errbuf *e)
{
	const char *s, *c;
	struct node n;
	int rc;

	*given = get(g, key, &n);
	if (!*given)
		return KT_OK;
	rc = node_string(&n, "a name", &s, e);
	if (rc)
		return rc;
	for (c = s; isprint((unsigned char)*c); c++)
		;
	if (*c || c == s || c - s > COMM_MAX)
		return node_expected(&n, e, "a name of 1 to 15 ASCII characters");
	rec_str(g->out, key, s);
	return KT_OK;
}

/* Threads share a leader, which "pcomm" names. */
static int read_clone(struct group *g, struct errbuf *e)
{
	bool comm, pcomm, threads;
	const char *s = "process";
	struct node n;
	bool given = get(g, "clone", &n);
	int rc = read_comm(g, "comm", &comm, e);

	if (!rc)
		rc = read_comm(g, "pcomm", &pcomm, e);
	if (!rc && given)
		rc = node_string(&n, "\"process\" or \"thread\"", &s, e);
	if (rc)
		return rc;
	threads = strcmp(s, "thread") == 0;
	if (!threads && strcmp(s, "process"))
		return node_expected(&n, e, "\"process\" or \"thread\"");
	if (given && pcomm && !threads)
		return node_fail(&n, e,
				 "\"clone\": with \"pcomm\" the workers are threads of the "
				 "process that it names");
	threads = threads || pcomm;
	if (threads && g->type->processes)
		return node_fail(g->at->own, e, "workers of %s cannot be threads", g->type->name);
	rec_str(g->out, "clone", threads ? "thread" : "process");
	return KT_OK;
}

/* The node whose CPUs or memory the workers keep to, said where `key` could be but is not. */
static bool get_node(const struct group *g, const char *key, struct node *n)
{
	struct node own;

	if (node_get(g->at->own, key, &own))
		return false;
	if (node_get(g->at->own, "numa_node", n))
		return true;
	return g->at->outer && !node_get(g->at->outer, key, &own) &&
	       node_get(g->at->outer, "numa_node", n);
}

static int node_affinity(struct group *g, const struct node *n, struct errbuf *e)
{
	struct cpulist nodes, l, have, rest;
	struct json_object *affinity;
	char text[CPULIST_TEXT_MAX];
	int rc = plan_nodes(n, g->ctx, &nodes, e);

	if (rc)
		return rc;
	names_cpus(g->ctx, g->at->cgroup, &have);
	topo_node_cpus(&g->ctx->topo, (unsigned int)cpulist_next(&nodes, -1), &l);
	rest = l;
	cpulist_andnot(&rest, &have);
	cpulist_andnot(&l, &rest);
	if (!cpulist_count(&l))
		return node_fail(n, e,
				 "\"numa_node\": has none of the CPUs %.80s, which the workers may "
				 "use at this point",
				 cpulist_format(&have, text));
	affinity = json_object_new_object();
	rec_str(affinity, "kind", "exact");
	rec_str(affinity, "cpus", cpulist_format(&l, text));
	rec_add(g->out, "affinity", affinity);
	return KT_OK;
}

static int node_memory(struct group *g, const struct node *n, struct errbuf *e)
{
	char a[CPULIST_TEXT_MAX], b[CPULIST_TEXT_MAX];
	struct cpulist nodes, have;
	struct json_object *policy;
	int rc = plan_nodes(n, g->ctx, &nodes, e);

	if (rc)
		return rc;
	names_mems(g->ctx, g->at->cgroup, &have);
	if (!cpulist_subset(&nodes, &have))
		return node_fail(n, e,
				 "\"numa_node\": node %.60s is not within %.60s, which the cgroup "
				 "may use",
				 cpulist_format(&nodes, a), cpulist_format(&have, b));
	policy = json_object_new_object();
	rec_str(policy, "mode", "bind");
	rec_str(policy, "nodes", cpulist_format(&nodes, a));
	rec_add(g->out, "mem_policy", policy);
	return KT_OK;
}

static int read_places(struct group *g, struct errbuf *e)
{
	struct json_object *o = NULL;
	struct node n;
	int rc = KT_OK;

	if (node_get(g->at->own, "numa_node", &n) && !json_object_is_type(n.v, json_type_int))
		return node_expected(&n, e, "the number of a NUMA node");
	if (get_node(g, "affinity", &n)) {
		rc = node_affinity(g, &n, e);
	} else if (get(g, "affinity", &n)) {
		rc = plan_affinity(&n, g->ctx, g->at->cgroup, &o, e);
		if (o)
			rec_add(g->out, "affinity", o);
	}
	o = NULL;
	if (!rc && get_node(g, "mem_policy", &n)) {
		rc = node_memory(g, &n, e);
	} else if (!rc && get(g, "mem_policy", &n)) {
		rc = plan_mem_policy(&n, g->ctx, g->at->cgroup, &o, e);
		if (o)
			rec_add(g->out, "mem_policy", o);
	}
	return rc;
}

/* A deadline task may be kept from no CPU. */
static int check_deadline(const struct group *g, struct errbuf *e)
{
	struct json_object *policy = rec_get_obj(g->out, "policy");

	if (!policy || strcmp(rec_get_str(policy, "kind", ""), "deadline") ||
	    !rec_get_obj(g->out, "affinity"))
		return KT_OK;
	return node_fail(g->at->own, e,
			 "policy deadline needs all CPUs (the kernel's rule), so it goes with no "
			 "affinity");
}

int plan_group_limits(const struct node *own, const struct node *outer, struct plan_ctx *ctx,
		      struct json_object *out, struct errbuf *e)
{
	const struct node *from[] = { outer, own };
	struct limits l = { 0 };
	struct json_object *o;
	struct node n;
	size_t i;
	int rc = KT_OK;

	for (i = 0; !rc && i < 2; i++) {
		if (!from[i] || !node_get(from[i], "assert", &n))
			continue;
		rc = limits_read(&n, LIMITS_OF_WORKERS, &l, e);
		if (!rc)
			rc = plan_lives_check(ctx, &l, &n, NULL, ctx->lives.now, e);
	}
	limits_complete(&l, ctx->limits);
	o = limits_json_workers(&l);
	if (o)
		rec_add(out, "assert", o);
	return rc;
}

int plan_group(const struct plan_group_at *at, struct plan_ctx *ctx, struct json_object **out,
	       int64_t *workers, struct errbuf *e)
{
	struct group g = { .ctx = ctx, .at = at, .out = json_object_new_object() };
	int rc = read_work(&g, e);

	*out = g.out;
	if (!rc)
		rc = read_workers(&g, e);
	if (!rc)
		rc = count_workers(&g, e);
	if (rc)
		return rc;
	rec_int(g.out, "workers", g.workers);
	*workers = g.workers;
	rc = read_policy(&g, e);
	if (!rc)
		rc = read_nice(&g, e);
	if (!rc)
		rc = read_places(&g, e);
	if (!rc)
		rc = check_deadline(&g, e);
	if (!rc)
		rc = read_id(&g, "uid", e);
	if (!rc)
		rc = read_id(&g, "gid", e);
	if (!rc)
		rc = read_clone(&g, e);
	return rc ? rc : plan_group_limits(at->own, at->outer, ctx, g.out, e);
}
