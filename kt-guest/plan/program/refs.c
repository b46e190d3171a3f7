// SPDX-License-Identifier: GPL-2.0-only
/* Payloads and schedulers where they are used. */
#include <string.h>

#include "exit.h"
#include "payload.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "record.h"
#include "refs.h"
#include "sched.h"

/* The name of one that is defined where it is used. */
static const char *name_of(const struct node *n)
{
	const char *binary = rec_get_str(n->v, "binary", "");
	const char *slash = strrchr(binary, '/');

	return rec_get_str(n->v, "name", slash ? slash + 1 : binary);
}

int plan_payload_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		      struct errbuf *e)
{
	struct json_object *payload;
	int rc;

	if (ctx->again && json_object_is_type(n->v, json_type_object)) {
		*name = name_of(n);
		return KT_OK;
	}
	rc = plan_payload_ref(n, ctx, &payload, e);
	if (!rc)
		*name = rec_get_str(payload, "name", "");
	return rc;
}

int plan_sched_name(const struct node *n, const struct plan_ctx *ctx, const char **name,
		    struct errbuf *e)
{
	if (ctx->again && json_object_is_type(n->v, json_type_object)) {
		*name = name_of(n);
		return KT_OK;
	}
	return plan_sched_ref(n, ctx, name, e);
}

/* The cgroup that the definition of the payload names, or NULL. */
static const char *cgroup_of(const struct plan_ctx *ctx, const char *name)
{
	struct json_object *p;
	size_t i;

	for (i = 0; i < json_object_array_length(ctx->payloads); i++) {
		p = json_object_array_get_idx(ctx->payloads, i);
		if (strcmp(rec_get_str(p, "name", ""), name) == 0)
			return rec_get_str(p, "cgroup", NULL);
	}
	return NULL;
}

int plan_payload_start(const struct node *at, struct plan_ctx *ctx, const char *name,
		       struct cgname *c, struct errbuf *e)
{
	const char *cgroup = c ? NULL : cgroup_of(ctx, name);
	int rc = names_payload(ctx, at, name, false, e);

	ctx->processes++;
	if (!rc && cgroup)
		rc = names_find(ctx, at, cgroup, &c, e);
	return rc || !c ? rc : names_start(ctx, at, c, e);
}
