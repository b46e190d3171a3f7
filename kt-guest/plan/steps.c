// SPDX-License-Identifier: GPL-2.0-only
/*
 * "backdrop", and "steps", or "cgroups" as the short form of one step that is held in full. The
 * ops of a step come before its cgroups, so that what is there is made ready for them; in the
 * backdrop, and where ops are repeated while the step is held, they come after.
 */
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "plan/common/context.h"
#include "plan/common/lives.h"
#include "plan/common/names.h"
#include "plan/group/cgroup.h"
#include "plan/ops/ops.h"
#include "plan/program/refs.h"
#include "record.h"
#include "steps.h"
#include "units.h"

#define STEPS_MAX 512

/* "cgroups" and "ops" of a step or of the backdrop, in the order in which they will be done. */
static int read_body(const struct node *n, bool ops_first, struct plan_ctx *ctx,
		     struct json_object *out, struct errbuf *e)
{
	struct json_object *cgroups = json_object_new_array(), *ops = json_object_new_array();
	struct node c, o;
	bool has_cgroups = node_get(n, "cgroups", &c), has_ops = node_get(n, "ops", &o);
	int rc = KT_OK;

	rec_add(out, "cgroups", cgroups);
	rec_add(out, "ops", ops);
	if (ops_first && has_ops) {
		ctx->names.later = has_cgroups ? &c : NULL;
		rc = plan_ops(&o, ctx, ops, e);
		ctx->names.later = NULL;
	}
	if (!rc && has_cgroups)
		rc = plan_cgroups(&c, ctx, cgroups, e);
	if (!rc && !ops_first && has_ops)
		rc = plan_ops(&o, ctx, ops, e);
	return rc;
}

/* The ops must work when they come again, too. */
static int repeat_ops(const struct node *step, struct plan_ctx *ctx, struct errbuf *e)
{
	struct json_object *ops;
	struct errbuf why;
	struct node n;
	int rc;

	if (!node_get(step, "ops", &n))
		return node_fail(step, e, "step %zu has \"every\", but no \"ops\" to repeat",
				 step->index);
	ops = json_object_new_array();
	ctx->again = true;
	rc = plan_ops(&n, ctx, ops, &why);
	ctx->again = false;
	json_object_put(ops);
	if (rc)
		errbuf_set(e, 0, "%.440s (when \"every\" repeats the ops)", why.text);
	return rc;
}

static int read_every(const struct node *step, uint64_t hold_ns, uint64_t *every_ns,
		      struct errbuf *e)
{
	struct node n;
	int rc;

	*every_ns = 0;
	if (!node_get(step, "every", &n))
		return KT_OK;
	rc = node_duration(&n, NSEC_PER_MSEC, NODE_DURATION_MAX, every_ns, e);
	if (!rc && *every_ns >= hold_ns)
		rc = node_fail(&n, e, "\"every\": is not below the hold, so nothing would repeat");
	return rc;
}

/* Workers of the step live as long as it is held. */
static void set_life(const struct node *step, struct plan_ctx *ctx, uint64_t hold_ns)
{
	struct errbuf unused;
	struct node m;

	ctx->lives.now = (struct plan_life){ hold_ns, ctx->file_duration_ns };
	if (node_get(step, "hold", &m))
		plan_hold(&m, ctx->file_duration_ns, &ctx->lives.now.file_ns, &unused);
}

static int read_step(const struct node *n, struct plan_ctx *ctx, struct json_object *steps,
		     uint64_t *total_ns, struct errbuf *e)
{
	static const char *const keys[] = { "cgroups", "ops", "hold", "every", NULL };
	uint64_t hold_ns = ctx->duration_ns, every_ns;
	struct json_object *step;
	char what[32];
	struct node m;
	int rc;

	snprintf(what, sizeof(what), "step %zu", n->index);
	rc = node_object(n, "a step, an object with \"cgroups\", \"ops\" and \"hold\"", e);
	if (!rc)
		rc = node_keys(n, keys, what, e);
	if (!rc && !node_count(n))
		return node_fail(n, e, "step %zu is empty", n->index);
	if (!rc && node_get(n, "hold", &m))
		rc = plan_hold(&m, ctx->duration_ns, &hold_ns, e);
	if (!rc)
		rc = read_every(n, hold_ns, &every_ns, e);
	if (rc)
		return rc;
	names_next_step(&ctx->names, (unsigned int)n->index);
	set_life(n, ctx, hold_ns);
	ctx->workers = ctx->backdrop_workers;
	step = json_object_new_object();
	json_object_array_add(steps, step);
	rec_int(step, "hold_ns", (int64_t)hold_ns);
	if (every_ns)
		rec_int(step, "every_ns", (int64_t)every_ns);
	*total_ns += hold_ns;
	rc = read_body(n, !every_ns, ctx, step, e);
	return rc || !every_ns ? rc : repeat_ops(n, ctx, e);
}

static int read_steps(const struct node *n, struct plan_ctx *ctx, struct json_object *steps,
		      struct errbuf *e)
{
	uint64_t total_ns = 0;
	struct node step;
	int rc = node_array(n, "an array of steps", e);
	size_t i;

	if (!rc && node_count(n) > STEPS_MAX)
		return node_fail(n, e, "\"steps\": more than %d", STEPS_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		step = node_item(n, i);
		rc = read_step(&step, ctx, steps, &total_ns, e);
	}
	if (!rc && i && !total_ns)
		return node_fail(n, e, "the steps are held for no time, so nothing would run");
	return rc;
}

int plan_backdrop(const struct node *test, struct plan_ctx *ctx, struct json_object **backdrop,
		  struct errbuf *e)
{
	static const char *const keys[] = { "cgroups", "ops", "payloads", NULL };
	struct json_object *names;
	struct node n, m, item;
	const char *name;
	size_t i;
	int rc;

	if (!node_get(test, "backdrop", &n))
		return KT_OK;
	*backdrop = json_object_new_object();
	ctx->lives.now = ctx->lives.all;
	rc = node_keys(&n, keys, "\"backdrop\"", e);
	if (!rc)
		rc = read_body(&n, false, ctx, *backdrop, e);
	rec_add(*backdrop, "payloads", names = json_object_new_array());
	if (!rc && node_get(&n, "payloads", &m))
		rc = node_array(&m, "an array of names of payloads", e);
	else
		m.v = NULL;
	for (i = 0; !rc && i < node_count(&m); i++) {
		item = node_item(&m, i);
		rc = plan_payload_name(&item, ctx, &name, e);
		if (rc)
			break;
		json_object_array_add(names, json_object_new_string(name));
		rc = plan_payload_start(&item, ctx, name, NULL, e);
	}
	ctx->backdrop_workers = ctx->workers;
	return rc;
}

/* "cgroups", or nothing where the backdrop or a payload is all that runs. */
static int one_step(const struct node *test, struct plan_ctx *ctx, struct json_object *steps,
		    struct errbuf *e)
{
	struct json_object *step = json_object_new_object();
	struct json_object *cgroups = json_object_new_array();
	struct node n;

	json_object_array_add(steps, step);
	rec_int(step, "hold_ns", (int64_t)ctx->duration_ns);
	rec_add(step, "cgroups", cgroups);
	rec_add(step, "ops", json_object_new_array());
	names_next_step(&ctx->names, 0);
	ctx->lives.now = ctx->lives.step;
	if (node_get(test, "cgroups", &n))
		return plan_cgroups(&n, ctx, cgroups, e);
	if (node_get(test, "payload", &n) && n.v)
		rec_bool(step, "until_payload", true);
	return KT_OK;
}

int plan_steps(const struct node *test, struct plan_ctx *ctx, struct json_object **steps,
	       struct errbuf *e)
{
	struct node n, other;
	bool brief = node_get(test, "cgroups", &n);
	int rc;

	if (brief && node_get(test, "steps", &other))
		return node_fail_key(&other, e,
				     "\"steps\" and \"cgroups\" exclude each other (\"cgroups\" is "
				     "short for one step)");
	if (!brief && !node_get(test, "steps", &n)) {
		if (!ctx->processes)
			return node_fail(test, e, "the test has neither \"cgroups\" nor \"steps\"");
		brief = true;
	}
	*steps = json_object_new_array();
	rc = brief ? one_step(test, ctx, *steps, e) : read_steps(&n, ctx, *steps, e);
	if (!rc && !ctx->processes)
		return node_fail(&n, e,
				 "the test has no workers and no payload, so nothing would run");
	return rc;
}
