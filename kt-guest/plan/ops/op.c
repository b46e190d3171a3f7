// SPDX-License-Identifier: GPL-2.0-only
/* What the readers of ops share: the keys of an argument, and the cgroup that it names. */
#include <string.h>

#include "exit.h"
#include "op.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "record.h"

int plan_op_keys(const struct node *arg, const char *a, const char *b, const char *opt,
		 struct errbuf *e)
{
	const char *keys[] = { a, b ? b : opt, b ? opt : NULL, NULL };
	char what[48];
	struct node m;
	int rc;

	snprintf(what, sizeof(what), "op %.32s", arg->key);
	rc = node_keys(arg, keys, what, e);
	if (!rc && !node_get(arg, a, &m))
		rc = node_fail(arg, e, "%s needs \"%s\"", what, a);
	if (!rc && b && !node_get(arg, b, &m))
		rc = node_fail(arg, e, "%s needs \"%s\"", what, b);
	return rc;
}

int plan_op_cgroup(const struct node *arg, const char *key, struct plan_ctx *ctx,
		   struct json_object *out, struct cgname **c, struct errbuf *e)
{
	struct node n = *arg;
	int rc;

	if (key)
		node_get(arg, key, &n);
	rc = names_get(ctx, &n, c, e);
	if (!rc)
		rec_str(out, key ? key : "cgroup", (*c)->name);
	return rc;
}
