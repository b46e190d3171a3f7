// SPDX-License-Identifier: GPL-2.0-only
/* Ops on cgroups and on the workers in them. */
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "exit.h"
#include "op.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "plan/group/affinity.h"
#include "plan/group/cgroup.h"
#include "plan/group/control.h"
#include "plan/group/cpuset.h"
#include "plan/group/group.h"
#include "record.h"

#define TAG_MAX 64

/* {"cgroup": name, key: ...}: most ops are a cgroup and what is done to it. */
static int cgroup_and(const struct node *arg, const char *key, struct plan_ctx *ctx,
		      struct json_object *out, struct cgname **c, struct node *value,
		      struct errbuf *e)
{
	int rc = plan_op_keys(arg, "cgroup", key, NULL, e);

	if (!rc)
		rc = plan_op_cgroup(arg, "cgroup", ctx, out, c, e);
	if (!rc)
		node_get(arg, key, value);
	return rc;
}

static int add_cgroup(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	struct json_object *list, *cgroup;
	struct cgname *c;
	const char *name;
	int rc;

	if (!json_object_is_type(arg->v, json_type_string)) {
		list = json_object_new_array();
		rc = plan_cgroup(arg, ctx, list, e);
		rec_add(out, "cgroup", json_object_get(json_object_array_get_idx(list, 0)));
		json_object_put(list);
		return rc;
	}
	rc = node_string(arg, "a name", &name, e);
	if (!rc)
		rc = names_add(ctx, arg, name, &c, e);
	if (rc)
		return rc;
	cgroup = json_object_new_object();
	rec_str(cgroup, "name", name);
	rec_add(cgroup, "cpus", NULL);
	rec_add(cgroup, "files", json_object_new_object());
	rec_int(cgroup, "workers", 0);
	rec_add(cgroup, "groups", json_object_new_array());
	rec_add(out, "cgroup", cgroup);
	return KT_OK;
}

static int remove_cgroup(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			 struct errbuf *e)
{
	struct cgname *c;
	int rc = plan_op_cgroup(arg, NULL, ctx, out, &c, e);

	return rc ? rc : names_remove(ctx, arg, c, e);
}

/* The nodes follow the CPUs unless the test gave the cgroup some of its own. */
static void put_mems(const struct plan_ctx *ctx, const struct cgname *c, struct json_object *out)
{
	char text[CPULIST_TEXT_MAX];

	if (ctx->topo.nodes > 1 && !c->given_mems)
		rec_str(out, "mems", c->own_mems ? cpulist_format(&c->mems, text) : "");
}

static int set_cpuset(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	char text[CPULIST_TEXT_MAX];
	struct cgname *c;
	struct cpulist l;
	struct node n;
	int rc = cgroup_and(arg, "cpuset", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	rc = plan_cpuset(&n, ctx, &l, e);
	if (!rc)
		rc = names_set_cpus(ctx, &n, c, &l, e);
	if (rc)
		return rc;
	rec_str(out, "cpus", cpulist_format(&l, text));
	put_mems(ctx, c, out);
	return KT_OK;
}

static int lacks_cpus(const struct node *n, const struct cgname *c, struct errbuf *e)
{
	return node_fail(n, e, "cgroup \"%.80s\" has no CPU set of its own at this point", c->name);
}

static int clear_cpuset(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	struct cgname *c;
	int rc = plan_op_cgroup(arg, NULL, ctx, out, &c, e);

	if (rc)
		return rc;
	if (!c->own_cpus)
		return lacks_cpus(arg, c, e);
	names_clear_cpus(c);
	put_mems(ctx, c, out);
	return KT_OK;
}

static int swap_cpusets(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	struct json_object *names = json_object_new_array();
	struct cgname *c[2];
	struct node n[2];
	struct cpulist first;
	int i, rc = KT_OK;

	rec_add(out, "cgroups", names);
	if (!json_object_is_type(arg->v, json_type_array) || node_count(arg) != 2)
		return node_expected(arg, e, "the names of two cgroups such as [\"a\", \"b\"]");
	for (i = 0; i < 2 && !rc; i++) {
		n[i] = node_item(arg, (size_t)i);
		rc = names_get(ctx, &n[i], &c[i], e);
		if (!rc && !c[i]->own_cpus)
			rc = lacks_cpus(&n[i], c[i], e);
		if (!rc)
			json_object_array_add(names, json_object_new_string(c[i]->name));
	}
	if (!rc && c[0] == c[1])
		rc = node_fail(&n[1], e, "\"%s\": the two cgroups are one", arg->key);
	if (rc)
		return rc;
	first = c[0]->cpus;
	rc = names_set_cpus(ctx, &n[0], c[0], &c[1]->cpus, e);
	return rc ? rc : names_set_cpus(ctx, &n[1], c[1], &first, e);
}

static int spawn(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		 struct errbuf *e)
{
	static const char *const keys[] = { "cgroup", PLAN_GROUP_KEYS, NULL };
	struct plan_group_at at = { .own = arg };
	struct json_object *group;
	struct cgname *c = NULL;
	int64_t workers;
	struct node n;
	int rc = node_keys(arg, keys, "op spawn", e);

	rec_add(out, "cgroup", NULL);
	if (!rc && node_get(arg, "cgroup", &n) && n.v) {
		rc = plan_op_cgroup(arg, "cgroup", ctx, out, &c, e);
		if (!rc)
			rc = names_work(ctx, &n, c, e);
	}
	if (rc)
		return rc;
	at.cgroup = c;
	rc = plan_group(&at, ctx, &group, &workers, e);
	rec_add(out, "group", group);
	ctx->processes++;
	return rc;
}

static int needs_workers(const struct node *n, const struct cgname *c, struct errbuf *e)
{
	return c->procs ? KT_OK
			: node_fail(n, e, "cgroup \"%.80s\" has no workers at this point", c->name);
}

static int stop_cgroup(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	struct cgname *c;
	int rc = plan_op_cgroup(arg, NULL, ctx, out, &c, e);

	if (!rc)
		rc = needs_workers(arg, c, e);
	if (!rc)
		c->procs = 0;
	return rc;
}

static int set_affinity(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	struct json_object *affinity = NULL;
	struct cgname *c;
	struct node at, n;
	int rc = cgroup_and(arg, "affinity", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	node_get(arg, "cgroup", &at);
	rc = needs_workers(&at, c, e);
	if (!rc)
		rc = plan_affinity(&n, ctx, c, &affinity, e);
	rec_add(out, "affinity", affinity);
	return rc;
}

static int move_tasks(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	struct cgname *from, *to;
	struct node f, t;
	int rc = plan_op_keys(arg, "from", "to", NULL, e);

	if (!rc)
		rc = plan_op_cgroup(arg, "from", ctx, out, &from, e);
	if (!rc)
		rc = plan_op_cgroup(arg, "to", ctx, out, &to, e);
	if (rc)
		return rc;
	node_get(arg, "from", &f);
	node_get(arg, "to", &t);
	if (from == to)
		return node_fail(&t, e, "\"to\" is where the workers are already");
	rc = needs_workers(&f, from, e);
	if (!rc && (from->procs & LIFE_BACKDROP) && to->life == LIFE_STEP)
		rc = node_fail(&t, e,
			       "workers of the backdrop cannot move to \"%.80s\", which ends with "
			       "this step",
			       to->name);
	if (rc)
		return rc;
	to->procs |= from->procs;
	from->procs = 0;
	return KT_OK;
}

/* The runner is in no cgroup of the test, but in the root. */
static int freeze(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		  struct errbuf *e)
{
	const char *name = json_object_is_type(arg->v, json_type_string)
				   ? json_object_get_string(arg->v)
			   : arg->v ? "a"
				    : "/";
	struct cgname *c;
	int rc;

	if (!*name || strcmp(name, "/") == 0 || strcmp(name, ".") == 0)
		return node_fail(arg, e,
				 "\"freeze\": the root holds the program that runs the test, which "
				 "could not unfreeze itself");
	rc = plan_op_cgroup(arg, NULL, ctx, out, &c, e);
	if (!rc)
		c->frozen = true;
	return rc;
}

static int unfreeze(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		    struct errbuf *e)
{
	struct cgname *c;
	int rc = plan_op_cgroup(arg, NULL, ctx, out, &c, e);

	if (!rc)
		c->frozen = false;
	return rc;
}

static int capture_procs(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			 struct errbuf *e)
{
	struct cgname *c;
	const char *tag;
	struct node n;
	int rc = cgroup_and(arg, "tag", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	rc = node_string(&n, "a word", &tag, e);
	if (!rc && (!*tag || strlen(tag) > TAG_MAX))
		rc = node_expected(&n, e, "a word of 1 to 64 characters");
	if (!rc)
		rec_str(out, "tag", tag);
	return rc;
}

static int set_cpu_weight(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			  struct errbuf *e)
{
	struct cgname *c;
	int64_t weight;
	struct node n;
	int rc = cgroup_and(arg, "cpu_weight", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	rc = plan_weight(&n, &weight, e);
	if (!rc)
		rec_int(out, "weight", weight);
	return rc;
}

static int set_cpu_max(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	char text[PLAN_CPU_MAX];
	struct cgname *c;
	struct node n;
	int rc = cgroup_and(arg, "cpu_max", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	rc = plan_cpu_max(&n, text, e);
	if (!rc)
		rec_str(out, "value", text);
	return rc;
}

static int send_signal(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	static const char *const names[] = { "HUP",  "INT",  "QUIT", "USR2",  "ALRM", "TERM",
					     "KILL", "STOP", "CONT", "WINCH", NULL };
	struct cgname *c;
	const char *s;
	struct node at, n;
	int i, rc = cgroup_and(arg, "signal", ctx, out, &c, &n, e);

	if (rc)
		return rc;
	node_get(arg, "cgroup", &at);
	rc = needs_workers(&at, c, e);
	if (!rc)
		rc = node_string(&n, "a signal such as \"USR2\"", &s, e);
	if (rc)
		return rc;
	if (strcmp(s, "USR1") == 0)
		return node_fail(&n, e, "\"signal\": USR1 is what kt itself stops workers by");
	for (i = 0; names[i] && strcmp(names[i], s); i++)
		;
	if (!names[i])
		return node_expected(&n, e,
				     "HUP, INT, QUIT, USR2, ALRM, TERM, KILL, STOP, CONT or WINCH");
	rec_str(out, "signal", s);
	return KT_OK;
}

const struct plan_op plan_ops_cgroup[] = {
	{ "add_cgroup", "a name or a cgroup", add_cgroup },
	{ "remove_cgroup", "a cgroup", remove_cgroup },
	{ "set_cpuset", "a cgroup and a CPU set", set_cpuset },
	{ "clear_cpuset", "a cgroup", clear_cpuset },
	{ "swap_cpusets", "two cgroups", swap_cpusets },
	{ "spawn", "workers", spawn },
	{ "stop_cgroup", "a cgroup", stop_cgroup },
	{ "set_affinity", "a cgroup and an affinity", set_affinity },
	{ "move_tasks", "two cgroups", move_tasks },
	{ "freeze", "a cgroup", freeze },
	{ "unfreeze", "a cgroup", unfreeze },
	{ "capture_procs", "a cgroup and a tag", capture_procs },
	{ "set_cpu_weight", "a cgroup and a weight", set_cpu_weight },
	{ "set_cpu_max", "a cgroup and a limit", set_cpu_max },
	{ "signal", "a cgroup and a signal", send_signal },
	{ NULL, NULL, NULL },
};
