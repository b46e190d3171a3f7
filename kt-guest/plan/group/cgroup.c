// SPDX-License-Identifier: GPL-2.0-only
/* A cgroup of the test: where it is, what it may use, and who is in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "control.h"
#include "cpuset.h"
#include "exit.h"
#include "group.h"
#include "mem.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "plan/program/refs.h"
#include "record.h"
#include "work/types.h"

#define CGROUPS_MAX 1024 /* of one step */
#define GROUPS_MAX  64   /* of one cgroup */

static const char *const keys[] = { "name",    "cpuset",        "cpuset_mems",     "groups",
				    "payload", PLAN_GROUP_KEYS, PLAN_CONTROL_KEYS, NULL };
static const char *const group_keys[] = { PLAN_GROUP_KEYS, NULL };

static int read_name(const struct node *cgroup, struct plan_ctx *ctx, struct cgname **c,
		     struct errbuf *e)
{
	char what[CGROUP_NAME_MAX + 16];
	const char *name;
	struct node n;
	int rc = node_object(cgroup, "a cgroup, an object with a \"name\"", e);

	if (rc)
		return rc;
	if (!node_get(cgroup, "name", &n))
		return node_fail(cgroup, e, "a cgroup without \"name\"");
	rc = node_string(&n, "a name", &name, e);
	snprintf(what, sizeof(what), "cgroup \"%.80s\"", rc ? "" : name);
	if (!rc)
		rc = names_add(ctx, &n, name, c, e);
	return rc ? rc : node_keys(cgroup, keys, what, e);
}

static int read_sets(const struct node *cgroup, struct plan_ctx *ctx, struct cgname *c,
		     struct errbuf *e)
{
	static const char *const mems_keys[] = { "numa", NULL };
	struct cpulist l;
	struct node n, m;
	int rc = KT_OK;

	if (node_get(cgroup, "cpuset_mems", &n)) {
		m = n;
		if (json_object_is_type(n.v, json_type_object)) {
			rc = node_keys(&n, mems_keys, "\"cpuset_mems\"", e);
			if (!rc && !node_get(&n, "numa", &m))
				rc = node_fail(&n, e, "\"cpuset_mems\": needs \"numa\"");
		}
		if (!rc)
			rc = plan_nodes(&m, ctx, &l, e);
		if (!rc)
			rc = names_set_mems(ctx, &n, c, &l, e);
	}
	if (!rc && node_get(cgroup, "cpuset", &n)) {
		rc = plan_cpuset(&n, ctx, &l, e);
		if (!rc)
			rc = names_set_cpus(ctx, &n, c, &l, e);
	}
	return rc;
}

static int add_group(const struct plan_group_at *at, struct plan_ctx *ctx,
		     struct json_object *groups, int64_t *workers, struct errbuf *e)
{
	struct json_object *group;
	int64_t n = 0;
	int rc = plan_group(at, ctx, &group, &n, e);

	json_object_array_add(groups, group);
	*workers += n;
	if (!rc)
		ctx->processes++;
	if (!rc && *workers > WORK_WORKERS_MAX)
		return node_fail(at->own, e, "more than %d workers in one cgroup",
				 WORK_WORKERS_MAX);
	return rc;
}

static int read_groups(const struct node *cgroup, struct plan_ctx *ctx, const struct cgname *c,
		       struct json_object *groups, int64_t *workers, struct errbuf *e)
{
	struct plan_group_at at = { .own = cgroup, .cgroup = c };
	struct node n, item;
	char what[48];
	size_t i;
	int rc;

	if (!node_get(cgroup, "groups", &n)) {
		/* a payload keeps its cgroup to itself unless there are to be workers */
		if (node_get(cgroup, "payload", &n) && !node_get(cgroup, "workers", &n) &&
		    !node_get(cgroup, "work", &n))
			return KT_OK;
		return add_group(&at, ctx, groups, workers, e);
	}
	rc = node_array(&n, "an array of worker groups", e);
	if (!rc && node_count(&n) > GROUPS_MAX)
		return node_fail(&n, e, "\"groups\": more than %d", GROUPS_MAX);
	for (i = 0; !rc && i < node_count(&n); i++) {
		item = node_item(&n, i);
		snprintf(what, sizeof(what), "worker group %zu", i);
		rc = node_object(&item, "a worker group, an object", e);
		if (!rc)
			rc = node_keys(&item, group_keys, what, e);
		at.own = &item;
		at.outer = cgroup;
		if (!rc)
			rc = add_group(&at, ctx, groups, workers, e);
	}
	return rc;
}

static int read_payload(const struct node *n, struct plan_ctx *ctx, struct cgname *c,
			struct json_object *out, struct errbuf *e)
{
	const char *name;
	int rc = plan_payload_name(n, ctx, &name, e);

	if (rc)
		return rc;
	rec_str(out, "payload", name);
	return plan_payload_start(n, ctx, name, c, e);
}

/* The kernel would let no more than that many start. */
static int check_pids(const struct node *cgroup, struct json_object *files, int64_t workers,
		      struct errbuf *e)
{
	const char *most = rec_get_str(files, "pids.max", "max");
	struct node n;

	if (strcmp(most, "max") == 0 || atoll(most) >= workers)
		return KT_OK;
	node_get(cgroup, "pids_max", &n);
	return node_fail(&n, e, "\"pids_max\": is less than the %d workers of the cgroup",
			 (int)workers);
}

static void put_sets(const struct cgname *c, struct json_object *out)
{
	char text[CPULIST_TEXT_MAX];

	rec_str(out, "cpus", c->own_cpus ? cpulist_format(&c->cpus, text) : NULL);
	if (c->own_mems)
		rec_str(out, "mems", cpulist_format(&c->mems, text));
}

static int fill(const struct node *cgroup, struct plan_ctx *ctx, struct cgname *c,
		struct json_object *out, struct errbuf *e)
{
	struct json_object *files = json_object_new_object(), *groups = json_object_new_array();
	int64_t workers = 0;
	struct node n;
	int rc = read_sets(cgroup, ctx, c, e);

	put_sets(c, out);
	if (!rc)
		rc = plan_control(cgroup, files, e);
	rec_add(out, "files", files);
	if (!rc)
		rc = read_groups(cgroup, ctx, c, groups, &workers, e);
	rec_int(out, "workers", workers);
	rec_add(out, "groups", groups);
	if (!rc)
		rc = plan_group_limits(cgroup, NULL, ctx, out, e);
	if (!rc)
		rc = check_pids(cgroup, files, workers, e);
	if (!rc && node_get(cgroup, "payload", &n))
		rc = read_payload(&n, ctx, c, out, e);
	return rc || !workers ? rc : names_work(ctx, cgroup, c, e);
}

int plan_cgroup(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		struct errbuf *e)
{
	struct json_object *out;
	struct cgname *c;
	int rc = read_name(n, ctx, &c, e);

	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(list, out);
	rec_str(out, "name", c->name);
	return fill(n, ctx, c, out, e);
}

int plan_cgroups(const struct node *n, struct plan_ctx *ctx, struct json_object *list,
		 struct errbuf *e)
{
	struct node cgroup;
	int rc = node_array(n, "an array of cgroups", e);
	size_t i;

	if (!rc && node_count(n) > CGROUPS_MAX)
		return node_fail(n, e, "\"cgroups\": more than %d in one step", CGROUPS_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		cgroup = node_item(n, i);
		rc = plan_cgroup(&cgroup, ctx, list, e);
	}
	return rc;
}
