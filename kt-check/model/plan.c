// SPDX-License-Identifier: GPL-2.0-only
/* What a plan says is to come: workers, runs of payloads, ops, and how it should end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "plan.h"
#include "record.h"
#include "temporal.h"

/* Calls `fn` with each item of an array that may be NULL. */
typedef int each_fn(struct model *m, int64_t step, struct json_object *o, struct errbuf *e);

static int each(struct model *m, int64_t step, struct json_object *array, each_fn *fn,
		struct errbuf *e)
{
	size_t i, n = array ? json_object_array_length(array) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = fn(m, step, json_object_array_get_idx(array, i), e);
	return rc;
}

static int whole(struct json_object *o, uint64_t *v, struct errbuf *e)
{
	int64_t n = rec_get_int(o, "workers", -1);

	if (n < 0 || n > MODEL_MAX_WORKERS)
		return errbuf_set(e, -EINVAL, "expected a number of workers in each cgroup");
	*v += (uint64_t)n;
	return 0;
}

/* The workers of all groups of a cgroup; `groups` may be left out for one. */
static int workers_of(struct json_object *o, uint64_t *n, struct errbuf *e)
{
	struct json_object *groups = rec_get_arr(o, "groups");
	size_t i, len = groups ? json_object_array_length(groups) : 0;
	int rc = 0;

	*n = 0;
	if (!groups)
		return whole(o, n, e);
	for (i = 0; i < len && !rc; i++)
		rc = whole(json_object_array_get_idx(groups, i), n, e);
	return rc;
}

/* Limits that a cgroup and, before these, its group have in place of the test's. */
static int take_own(struct group *g, struct json_object *cgroup, struct json_object *group,
		    struct errbuf *e)
{
	struct json_object *owners[] = { cgroup, group }, *assert;
	struct limits own;
	int i, rc = 0;

	for (i = 0; i < 2 && !rc; i++) {
		assert = rec_get_obj(owners[i], "assert");
		if (!assert)
			continue;
		rc = limits_from_plan(&own, assert, e);
		if (rc)
			return rc;
		if (!g->own) {
			g->own = malloc(sizeof(*g->own));
			if (!g->own)
				return errbuf_set(e, -ENOMEM, "out of memory");
			limits_init(g->own, LIMIT_UNSET);
		}
		limits_override(g->own, &own);
	}
	return rc;
}

/* The groups of a cgroup in the plan's order, which is that of the report. */
static int make_groups(struct model *m, uint32_t place, struct json_object *o, struct errbuf *e)
{
	struct json_object *groups = rec_get_arr(o, "groups"), *policy, *one;
	size_t i, n = groups ? json_object_array_length(groups) : 1;
	struct group *g;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		g = group_get(m, &m->places[place], (uint32_t)i, e);
		if (!g)
			return -ENOMEM;
		one = groups ? json_object_array_get_idx(groups, i) : NULL;
		policy = rec_get_obj(one, "mem_policy");
		g->bind |= strcmp(rec_get_str(policy, "mode", ""), "bind") == 0;
		rc = take_own(g, o, one, e);
	}
	return rc;
}

static int plan_payload(struct model *m, const char *name, struct errbuf *e)
{
	struct payload *p = name ? payload_get(m, name, e) : NULL;

	if (p)
		p->planned++;
	return p || !name ? 0 : -ENOMEM;
}

/* Makes the place of a cgroup of the plan; how many workers it starts goes to *n. */
static int plan_cgroup(struct model *m, int64_t step, struct json_object *o, uint32_t *place,
		       uint64_t *n, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", NULL), *mems = rec_get_str(o, "mems", NULL);
	struct place *p;
	int rc;

	if (!name)
		return errbuf_set(e, -EINVAL,
				  "expected a name and a number of workers in each cgroup");
	rc = workers_of(o, n, e);
	if (rc)
		return rc;
	p = place_get(m, step, name, e);
	if (!p)
		return -ENOMEM;
	*place = (uint32_t)(p - m->places);
	if (mems && !p->mems) {
		p->mems = strdup(mems);
		if (!p->mems)
			return errbuf_set(e, -ENOMEM, "out of memory");
	}
	return make_groups(m, *place, o, e);
}

static int take_cgroup(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	uint32_t place = 0;
	uint64_t n = 0;
	int rc = plan_cgroup(m, step, o, &place, &n, e);

	if (rc)
		return rc;
	m->places[place].planned += n;
	return plan_payload(m, rec_get_str(o, "payload", NULL), e);
}

/* The workers that an op starts, where it does; other ops start none. */
static int plan_op_workers(struct model *m, struct json_object *o, struct op *op, struct errbuf *e)
{
	const char *kind = rec_get_str(o, "op", "");
	struct group *g;
	struct place *p;
	int rc;

	if (strcmp(kind, "add_cgroup") == 0 && rec_get_obj(o, "cgroup"))
		return plan_cgroup(m, op->step, rec_get_obj(o, "cgroup"), &op->place, &op->workers,
				   e);
	if (strcmp(kind, "spawn") != 0)
		return 0;
	rc = whole(rec_get_obj(o, "group"), &op->workers, e);
	if (rc)
		return rc;
	p = place_get(m, op->step, rec_get_str(o, "cgroup", MODEL_ROOT), e);
	if (!p)
		return -ENOMEM;
	op->place = (uint32_t)(p - m->places);
	g = group_get(m, p, 0, e);
	return g ? take_own(g, NULL, rec_get_obj(o, "group"), e) : -ENOMEM;
}

static int plan_op(struct model *m, int64_t step, int64_t index, bool loop, struct json_object *o,
		   struct errbuf *e)
{
	struct op *op = op_get(m, step, index, e), new;
	const char *payload = NULL;
	struct payload *p;
	int rc;

	if (!op)
		return -ENOMEM;
	new = *op;
	new.loop = loop;
	rc = plan_op_workers(m, o, &new, e);
	if (rc)
		return rc;
	if (strcmp(rec_get_str(o, "op", ""), "run_payload") == 0)
		payload = rec_get_str(o, "payload", NULL);
	if (payload) {
		p = payload_get(m, payload, e);
		if (!p)
			return -ENOMEM;
		new.payload = (uint32_t)(p - m->payloads);
	}
	*op_get(m, step, index, e) = new;
	return 0;
}

static int take_ops(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	struct json_object *ops = rec_get_arr(o, "ops");
	size_t i, n = ops ? json_object_array_length(ops) : 0;
	bool loop = rec_get_int(o, "every_ns", 0) > 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = plan_op(m, step, (int64_t)i, loop, json_object_array_get_idx(ops, i), e);
	return rc;
}

static int take_steps(struct model *m, struct json_object *steps, struct errbuf *e)
{
	size_t i, n = steps ? json_object_array_length(steps) : 0;
	struct json_object *o;
	int rc = 0;

	m->whole.planned = n;
	for (i = 0; i < n && !rc; i++) {
		o = json_object_array_get_idx(steps, i);
		rc = each(m, (int64_t)i, rec_get_arr(o, "cgroups"), take_cgroup, e);
		if (!rc)
			rc = take_ops(m, (int64_t)i, o, e);
	}
	return rc;
}

static int take_payload_def(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", NULL);
	struct payload *p;

	(void)step;
	if (!name)
		return errbuf_set(e, -EINVAL, "expected a name in each payload");
	p = payload_get(m, name, e);
	if (!p)
		return -ENOMEM;
	if (!p->checks)
		p->checks = json_object_get(rec_get_arr(o, "checks"));
	return 0;
}

/* One that runs beside everything, by name. */
static int take_beside(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	(void)step;
	return plan_payload(m, json_object_get_string(o), e);
}

static int take_payloads(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *backdrop = rec_get_obj(o, "backdrop");
	int rc = each(m, 0, rec_get_arr(o, "payloads"), take_payload_def, e);

	if (!rc)
		rc = plan_payload(m, rec_get_str(o, "payload", NULL), e);
	if (!rc)
		rc = each(m, 0, rec_get_arr(o, "workloads"), take_beside, e);
	if (!rc)
		rc = each(m, 0, rec_get_arr(backdrop, "payloads"), take_beside, e);
	return rc;
}

/* The scheduler under test, or the first that an op attaches. */
static int take_scheduler(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *sched = rec_get_obj(o, "scheduler");
	struct json_object *others = rec_get_arr(o, "schedulers");

	if (!sched && others && json_object_array_length(others))
		sched = json_object_array_get_idx(others, 0);
	if (!sched)
		return 0;
	m->scheduler = strdup(rec_get_str(sched, "name", "(unnamed)"));
	return m->scheduler ? 0 : errbuf_set(e, -ENOMEM, "out of memory");
}

static void take_expect(struct model *m, struct json_object *o)
{
	struct json_object *expect = rec_get_obj(o, "expect");

	m->allow_inconclusive = rec_get_bool(o, "allow_inconclusive", false);
	m->expect.error = rec_get_bool(expect, "error", false);
	m->expect.contains = json_object_get(rec_get_arr(expect, "contains"));
	m->expect.matches = json_object_get(rec_get_arr(expect, "matches"));
}

int take_test(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *backdrop = rec_get_obj(o, "backdrop");
	const char *name = rec_get_str(o, "name", NULL);
	int rc;

	if (!name)
		return errbuf_set(e, -EINVAL, "expected a string as name");
	m->have_test = true;
	m->plan = json_object_get(o);
	m->test = strdup(name);
	if (!m->test)
		return errbuf_set(e, -ENOMEM, "out of memory");
	take_expect(m, o);
	rc = limits_from_plan(&m->limits, rec_get_obj(o, "assert"), e);
	m->seen.monitor |= limits_monitor(&m->limits);
	if (!rc)
		rc = temporal_plan(m, o, e);
	if (!rc)
		rc = take_scheduler(m, o, e);
	promise_plan(&m->promises, o);
	shape_plan(&m->shape, o);
	m->klog.allow = json_object_get(rec_get_arr(rec_get_obj(o, "assert"), "kernel_log_allow"));
	if (!rc && terms_plan(&m->terms, o))
		rc = errbuf_set(e, -ENOMEM, "out of memory");
	if (!rc)
		rc = take_payloads(m, o, e);
	if (!rc)
		rc = each(m, MODEL_BACKDROP, rec_get_arr(backdrop, "cgroups"), take_cgroup, e);
	if (!rc)
		rc = take_ops(m, MODEL_BACKDROP, backdrop, e);
	return rc ? rc : take_steps(m, rec_get_arr(o, "steps"), e);
}

int model_close(struct model *m)
{
	const struct op *o;
	uint64_t times;
	uint32_t i;

	away_close(&m->away);
	for (i = 0; i < m->nops; i++) {
		o = &m->ops[i];
		times = o->loop ? o->count : 1;
		if (o->workers && times > UINT64_MAX / o->workers)
			times = 0;
		if (o->place != MODEL_NONE)
			m->places[o->place].planned =
				arith_add(m->places[o->place].planned, times * o->workers);
		if (o->payload != MODEL_NONE)
			m->payloads[o->payload].planned =
				arith_add(m->payloads[o->payload].planned, times);
	}
	waits_close(m);
	return conservation_close(m);
}
