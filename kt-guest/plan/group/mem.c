// SPDX-License-Identifier: GPL-2.0-only
/* "mem_policy", and lists of NUMA nodes: where the memory of workers comes from. */
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "mem.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "record.h"
#include "suggest.h"

static bool among(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static const struct mode {
	const char *name;
	bool bare;  /* the name alone will do: of all nodes that the cgroup has */
	bool nodes; /* takes nodes */
	bool one;   /* exactly one */
} modes[] = {
	{ "default", true, false, false },        { "local", true, false, false },
	{ "interleave", true, true, false },      { "weighted_interleave", true, true, false },
	{ "bind", false, true, false },           { "preferred", false, true, true },
	{ "preferred_many", false, true, false }, { NULL, false, false, false },
};

static int node_list(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
		     struct errbuf *e)
{
	const char *s;
	int i, rc = node_string(n, "nodes such as \"0-1\"", &s, e);

	if (rc)
		return rc;
	if (cpulist_parse(s, l, NULL))
		return node_expected(n, e, "nodes such as \"0-1\"");
	for (i = -1; (i = cpulist_next(l, i)) >= 0;)
		if (i >= (int)ctx->topo.nodes)
			return node_fail(
				n, e,
				"topology '%s' has %u NUMA node%s, from 0 on, found \"%.40s\"",
				ctx->spec, ctx->topo.nodes, ctx->topo.nodes > 1 ? "s" : "", s);
	return KT_OK;
}

static int node_number_of(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
			  struct errbuf *e)
{
	char want[96];
	int64_t v;
	int rc;

	snprintf(want, sizeof(want), "a NUMA node of topology '%s',", ctx->spec);
	rc = node_whole(n, 0, ctx->topo.nodes - 1, want, &v, e);
	if (!rc)
		cpulist_add(l, (unsigned int)v);
	return rc;
}

/* "0-1", 0 or [0, 1] */
int plan_nodes(const struct node *n, const struct plan_ctx *ctx, struct cpulist *l,
	       struct errbuf *e)
{
	struct node item;
	int rc = KT_OK;
	size_t i;

	cpulist_clear(l);
	if (json_object_is_type(n->v, json_type_string))
		rc = node_list(n, ctx, l, e);
	else if (!json_object_is_type(n->v, json_type_array))
		rc = node_number_of(n, ctx, l, e);
	else
		for (i = 0; !rc && i < node_count(n); i++) {
			item = node_item(n, i);
			rc = node_number_of(&item, ctx, l, e);
		}
	if (!rc && !cpulist_count(l))
		return node_fail(n, e, "\"%s\": no node is given", n->key);
	return rc;
}

static int read_flags(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const flags[] = { "static_nodes", "relative_nodes", "numa_balancing",
					     NULL };
	struct json_object *list = json_object_new_array();
	struct node item;
	const char *s;
	size_t i;
	int rc = node_array(n, "an array of flags", e);

	rec_add(out, "flags", list);
	for (i = 0; !rc && i < node_count(n); i++) {
		item = node_item(n, i);
		rc = node_string(&item, "a flag", &s, e);
		if (!rc && !among(s, flags))
			return node_expected(&item, e,
					     "static_nodes, relative_nodes or numa_balancing");
		if (!rc)
			json_object_array_add(list, json_object_new_string(s));
	}
	return rc;
}

/* The flags that a mode cannot have: the kernel would refuse them. */
static int check_flags(const struct node *n, const struct mode *m, struct json_object *out,
		       struct errbuf *e)
{
	const char *text = json_object_to_json_string(rec_get_arr(out, "flags"));
	bool fixed = strstr(text, "static_nodes"), relative = strstr(text, "relative_nodes");

	if (fixed && relative)
		return node_fail(n, e,
				 "\"flags\": static_nodes and relative_nodes exclude each other");
	if (strstr(text, "numa_balancing") && strcmp(m->name, "bind") &&
	    strcmp(m->name, "preferred_many"))
		return node_fail(
			n, e, "\"flags\": numa_balancing goes with bind and preferred_many only");
	return KT_OK;
}

static int put_mode(const struct node *n, const struct mode *m, const struct cpulist *have,
		    const struct cpulist *nodes, struct json_object *out, struct errbuf *e)
{
	char a[CPULIST_TEXT_MAX], b[CPULIST_TEXT_MAX];

	if (m->nodes && !cpulist_subset(nodes, have))
		return node_fail(
			n, e, "\"%s\": nodes %.60s are not within %.60s, which the cgroup may use",
			m->name, cpulist_format(nodes, a), cpulist_format(have, b));
	if (m->one && cpulist_count(nodes) != 1)
		return node_fail(n, e, "\"%s\": expected one node, found %u", m->name,
				 cpulist_count(nodes));
	rec_str(out, "mode", m->name);
	rec_str(out, "nodes", m->nodes ? cpulist_format(nodes, a) : NULL);
	return KT_OK;
}

static int mode_name(const struct node *n, const struct cpulist *have, struct json_object *out,
		     struct errbuf *e)
{
	struct suggest s = { .word = json_object_get_string(n->v) };
	const struct mode *m;

	for (m = modes; m->name; m++) {
		if (strcmp(m->name, s.word) == 0 && m->bare)
			return put_mode(n, m, have, have, out, e);
		if (strcmp(m->name, s.word) == 0)
			return node_fail(n, e,
					 "memory policy %s needs nodes (expected {\"%s\": \"0\"})",
					 m->name, m->name);
		suggest_try(&s, m->name);
	}
	return node_fail(n, e, "unknown memory policy \"%.40s\" (%s%s%s)", s.word,
			 s.best ? "did you mean \""
				: "expected default, local, interleave, "
				  "weighted_interleave, bind, preferred or "
				  "preferred_many",
			 s.best ? s.best : "", s.best ? "\"?" : "");
}

static int mode_object(const struct node *n, const struct plan_ctx *ctx, const struct cpulist *have,
		       struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "interleave", "weighted_interleave", "bind",
					    "preferred",  "preferred_many",      "flags",
					    NULL };
	const struct mode *m, *found = NULL;
	struct cpulist nodes;
	struct node v, f;
	int rc = node_keys(n, keys, "\"mem_policy\"", e);

	for (m = modes; !rc && m->name; m++) {
		if (!node_get(n, m->name, &f))
			continue;
		if (found)
			return node_fail(n, e, "\"mem_policy\": %s and %s exclude each other",
					 found->name, m->name);
		found = m;
		v = f;
	}
	if (!rc && !found)
		return node_fail(n, e,
				 "\"mem_policy\": expected one of interleave, weighted_interleave, "
				 "bind, preferred and preferred_many");
	if (!rc)
		rc = plan_nodes(&v, ctx, &nodes, e);
	if (!rc)
		rc = put_mode(&v, found, have, &nodes, out, e);
	if (!rc && node_get(n, "flags", &f)) {
		rc = read_flags(&f, out, e);
		if (!rc)
			rc = check_flags(&f, found, out, e);
	}
	return rc;
}

int plan_mem_policy(const struct node *n, const struct plan_ctx *ctx, const struct cgname *c,
		    struct json_object **policy, struct errbuf *e)
{
	struct json_object *out = json_object_new_object();
	struct cpulist have;
	int rc;

	names_mems(ctx, c, &have);
	if (json_object_is_type(n->v, json_type_string))
		rc = mode_name(n, &have, out, e);
	else if (json_object_is_type(n->v, json_type_object))
		rc = mode_object(n, ctx, &have, out, e);
	else
		rc = node_expected(n, e,
				   "a memory policy such as \"local\", or an object such as "
				   "{\"bind\": \"0\"}");
	*policy = out;
	if (rc || strcmp(rec_get_str(out, "mode", ""), "default"))
		return rc;
	*policy = NULL; /* no system call */
	json_object_put(out);
	return KT_OK;
}
