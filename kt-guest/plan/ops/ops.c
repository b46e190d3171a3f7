// SPDX-License-Identifier: GPL-2.0-only
/*
 * "ops": what a step does to cgroups, workers, payloads, schedulers, CPUs and the kernel. An op is
 * an object of one key, the kind of op, and its argument; one that needs no argument is its
 * name. Each reads its argument, does to the names what it will do in the guest, and is flat in
 * the record.
 */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "cgroup.h"
#include "exit.h"
#include "observe.h"
#include "op.h"
#include "ops.h"
#include "plan/common/context.h"
#include "record.h"
#include "suggest.h"
#include "system.h"

#define OPS_MAX 1024 /* of one step */

static const struct plan_op *const tables[] = { plan_ops_cgroup, plan_ops_system,
						plan_ops_observe };

static const struct plan_op *find(const char *name)
{
	const struct plan_op *op;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (op = tables[i]; op->name; op++)
			if (strcmp(op->name, name) == 0)
				return op;
	return NULL;
}

static int unknown(const struct node *n, bool at_key, const char *name, struct errbuf *e)
{
	int (*fail)(const struct node *, struct errbuf *, const char *, ...) =
		at_key ? node_fail_key : node_fail;
	struct suggest s = { .word = name };
	const struct plan_op *op;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (op = tables[i]; op->name; op++)
			suggest_try(&s, op->name);
	if (s.best)
		return fail(n, e, "unknown op \"%.40s\" (did you mean \"%s\"?)", name, s.best);
	return fail(n, e, "unknown op \"%.40s\" (kt-test(5) lists them)", name);
}

static int by_name(const struct node *n, const struct plan_op **op, struct errbuf *e)
{
	const char *name;
	int rc = node_string(n, "an op", &name, e);

	if (rc)
		return rc;
	*op = find(name);
	if (!*op)
		return unknown(n, false, name, e);
	if ((*op)->arg)
		return node_fail(n, e, "op %s needs %s (expected {\"%s\": ...})", name, (*op)->arg,
				 name);
	return KT_OK;
}

static int by_object(const struct node *n, const struct plan_op **op, struct node *arg,
		     struct errbuf *e)
{
	const char *name = NULL;

	json_object_object_foreach (n->v, key, value) {
		(void)value;
		if (name)
			return node_fail(
				n, e,
				"expected one op in each {...}, found \"%.40s\" and \"%.40s\"",
				name, key);
		name = key;
	}
	if (!name)
		return node_fail(n, e, "expected an op, found an empty object");
	*op = find(name);
	node_get(n, name, arg);
	if (!*op)
		return unknown(arg, true, name, e);
	if (!(*op)->arg && arg->v &&
	    !(json_object_is_type(arg->v, json_type_object) && !node_count(arg)))
		return node_fail(arg, e, "op %s takes no argument (expected \"%s\" alone)", name,
				 name);
	return KT_OK;
}

static int read_op(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		   struct errbuf *e)
{
	const struct plan_op *op = NULL;
	struct json_object *out;
	struct node arg = *n;
	int rc;

	if (json_object_is_type(n->v, json_type_object))
		rc = by_object(n, &op, &arg, e);
	else
		rc = by_name(n, &op, e);
	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(list, out);
	rec_str(out, "op", op->name);
	return op->read(&arg, ctx, out, e);
}

int plan_ops(const struct node *n, struct plan_ctx *ctx, struct json_object *list, struct errbuf *e)
{
	struct node op;
	int rc = node_array(n, "an array of ops", e);
	size_t i;

	if (!rc && node_count(n) > OPS_MAX)
		return node_fail(n, e, "\"ops\": more than %d", OPS_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		op = node_item(n, i);
		rc = read_op(&op, ctx, list, e);
	}
	return rc;
}
