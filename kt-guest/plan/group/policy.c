// SPDX-License-Identifier: GPL-2.0-only
/* "policy": how the kernel schedules workers. */
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "plan/common/context.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "policy.h"
#include "record.h"
#include "suggest.h"
#include "units.h"

#define PRIORITY_MAX  99
#define RUNTIME_MIN   1024 /* ns; the kernel's own limits */
#define PERIOD_MIN    (100 * NSEC_PER_USEC)
#define PERIOD_MAX    (4194304 * NSEC_PER_USEC)
#define BANDWIDTH_PCT 95 /* what the kernel lets deadline tasks have */

static const char *const plain[] = { "normal", "batch", "idle", "ext", NULL };
static const char *const objects[] = { "fifo", "rr", "deadline", NULL };

static bool among(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

static int policy_name(const struct node *n, struct json_object *out, struct errbuf *e)
{
	const char *name, *near;
	int rc = node_string(n, "a policy", &name, e);

	if (rc)
		return rc;
	if (among(name, plain)) {
		rec_str(out, "kind", name);
		return KT_OK;
	}
	if (strcmp(name, "deadline") == 0)
		return node_fail(
			n, e,
			"policy deadline needs times (expected {\"deadline\": {\"runtime\": "
			"\"1ms\", \"period\": \"10ms\"}})");
	if (among(name, objects))
		return node_fail(n, e, "policy %s needs a priority (expected {\"%s\": 1} to 99)",
				 name, name);
	near = suggest_nearest(name, plain);
	return node_fail(n, e, "unknown policy \"%.40s\" (%s%s%s)", name,
			 near ? "did you mean \""
			      : "expected normal, batch, idle, ext, or an object "
				"with fifo, rr or deadline",
			 near ? near : "", near ? "\"?" : "");
}

static int read_deadline(const struct node *n, struct json_object *out, struct errbuf *e)
{
	static const char *const keys[] = { "runtime", "deadline", "period", NULL };
	uint64_t runtime = 0, deadline, period = 0;
	struct node r, d, p;
	int rc = node_keys(n, keys, "\"deadline\"", e);

	if (!rc && (!node_get(n, "runtime", &r) || !node_get(n, "period", &p)))
		return node_fail(n, e, "\"deadline\": needs \"runtime\" and \"period\"");
	if (!rc)
		rc = node_duration(&p, PERIOD_MIN, PERIOD_MAX, &period, e);
	if (!rc)
		rc = node_duration(&r, RUNTIME_MIN, PERIOD_MAX, &runtime, e);
	deadline = period;
	if (!rc && node_get(n, "deadline", &d))
		rc = node_duration(&d, RUNTIME_MIN, PERIOD_MAX, &deadline, e);
	if (rc)
		return rc;
	if (runtime > deadline)
		return node_fail(&r, e, "\"runtime\": is above the deadline");
	if (deadline > period)
		return node_fail(&d, e, "\"deadline\": is above the period");
	rec_str(out, "kind", "deadline");
	rec_int(out, "runtime_ns", (int64_t)runtime);
	rec_int(out, "deadline_ns", (int64_t)deadline);
	rec_int(out, "period_ns", (int64_t)period);
	return KT_OK;
}

int plan_policy(const struct node *n, struct json_object **policy, struct errbuf *e)
{
	struct json_object *out = json_object_new_object();
	int64_t priority;
	struct node m;
	int rc;

	*policy = out;
	if (!json_object_is_type(n->v, json_type_object)) {
		if (!json_object_is_type(n->v, json_type_string))
			return node_expected(
				n, e,
				"a policy such as \"batch\", or an object with fifo, rr "
				"or deadline");
		return policy_name(n, out, e);
	}
	rc = node_keys(n, objects, "\"policy\"", e);
	if (!rc && node_count(n) != 1)
		rc = node_fail(
			n, e,
			"\"policy\": expected one of fifo, rr and deadline, found %zu of them",
			node_count(n));
	if (rc)
		return rc;
	if (node_get(n, "deadline", &m))
		return read_deadline(&m, out, e);
	if (!node_get(n, "fifo", &m))
		node_get(n, "rr", &m);
	rc = node_whole(&m, 1, PRIORITY_MAX, "a priority", &priority, e);
	rec_str(out, "kind", m.key);
	rec_int(out, "priority", rc ? 0 : priority);
	return rc;
}

/* Deadline tasks must have all CPUs, and the kernel admits only so many. */
int plan_policy_fits(const struct node *n, struct json_object *policy, const struct plan_ctx *ctx,
		     const struct cgname *c, int64_t workers, struct errbuf *e)
{
	unsigned int cpus = topo_cpus(&ctx->topo);
	struct cpulist have, all;
	double share;

	if (strcmp(rec_get_str(policy, "kind", ""), "deadline"))
		return KT_OK;
	names_cpus(ctx, c, &have);
	names_cpus(ctx, NULL, &all);
	if (!cpulist_subset(&all, &have))
		return node_fail(
			n, e,
			"policy deadline needs all CPUs (the kernel's rule), and the cgroup "
			"has a CPU set");
	share = (double)workers * (double)rec_get_int(policy, "runtime_ns", 0) /
		(double)rec_get_int(policy, "period_ns", 1) / cpus;
	if (share * 100 <= BANDWIDTH_PCT)
		return KT_OK;
	return node_fail(n, e,
			 "policy deadline: %d workers would need %.0f %% of %u CPUs (the kernel "
			 "gives at most %d %%)",
			 (int)workers, share * 100, cpus, BANDWIDTH_PCT);
}
