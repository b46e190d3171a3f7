// SPDX-License-Identifier: GPL-2.0-only
/* The parameters of the work type Custom: a program that is the work. */
#include "custom.h"
#include "exit.h"
#include "plan/common/context.h"
#include "plan/common/kernel.h"
#include "plan/program/program.h"
#include "record.h"

int plan_custom(const struct node *n, const struct plan_ctx *ctx, struct json_object *work,
		struct errbuf *e)
{
	static const char *const keys[] = { "program", "args", "files", NULL };
	struct json_object *args;
	struct node m;
	int rc = node_object(n, "an object with a \"program\"", e);

	if (!rc)
		rc = node_keys(n, keys, "work type Custom", e);
	if (!rc && !node_get(n, "program", &m))
		rc = node_fail(n, e, "work type Custom needs a \"program\"");
	if (!rc)
		rc = plan_program(&m, ctx, work, "program", e);
	if (rc)
		return rc;
	args = json_object_new_array();
	rec_add(work, "args", args);
	if (node_get(n, "args", &m))
		rc = plan_strings(&m, args, "an array of arguments", NULL, e);
	if (!rc && node_get(n, "files", &m))
		rc = plan_files(&m, ctx, e);
	return rc;
}
