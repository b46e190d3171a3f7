// SPDX-License-Identifier: GPL-2.0-only
/* Ops on payloads, schedulers, CPUs and settings of the kernel. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "op.h"
#include "plan/common/context.h"
#include "plan/common/kernel.h"
#include "plan/common/names.h"
#include "plan/common/state.h"
#include "plan/group/cpuset.h"
#include "plan/program/refs.h"
#include "record.h"
#include "system.h"
#include "units.h"

#define VALUE_MAX 4095

static int run_payload(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	bool object = json_object_is_type(arg->v, json_type_object);
	struct cgname *c = NULL;
	struct node n = *arg, at;
	const char *name = NULL;
	int rc = KT_OK;

	if (object) {
		rc = plan_op_keys(arg, "payload", NULL, "cgroup", e);
		node_get(arg, "payload", &n);
	}
	if (!rc)
		rc = plan_payload_name(&n, ctx, &name, e);
	rec_str(out, "payload", name);
	rec_add(out, "cgroup", NULL);
	if (!rc && object && node_get(arg, "cgroup", &at) && at.v)
		rc = plan_op_cgroup(arg, "cgroup", ctx, out, &c, e);
	return rc ? rc : plan_payload_start(&n, ctx, name, c, e);
}

/* The payload that n names ends here. */
static int end_payload(const struct node *n, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	const char *name = NULL;
	int rc = plan_payload_name(n, ctx, &name, e);

	rec_str(out, "payload", name);
	return rc ? rc : names_payload(ctx, n, name, true, e);
}

static int wait_payload(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	uint64_t ns = 0;
	struct node n;
	int rc;

	if (json_object_is_type(arg->v, json_type_string) ||
	    (json_object_is_type(arg->v, json_type_object) && !node_get(arg, "timeout", &n)))
		return node_fail(arg, e,
				 "op wait_payload needs a time limit (expected {\"payload\": ..., "
				 "\"timeout\": \"10s\"})");
	rc = plan_op_keys(arg, "payload", "timeout", NULL, e);
	if (!rc) {
		node_get(arg, "timeout", &n);
		rc = node_duration(&n, 1, NODE_DURATION_MAX, &ns, e);
	}
	node_get(arg, "payload", &n);
	if (!rc)
		rc = end_payload(&n, ctx, out, e);
	rec_int(out, "timeout_ns", (int64_t)ns);
	return rc;
}

static int kill_payload(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			struct errbuf *e)
{
	return end_payload(arg, ctx, out, e);
}

static int need_scheduler(const struct node *n, const struct plan_ctx *ctx, bool want,
			  struct errbuf *e)
{
	if (ctx->attached == want)
		return KT_OK;
	return node_fail(n, e,
			 want ? "no scheduler is attached at this point"
			      : "a scheduler is attached already at this point "
				"(replace_scheduler puts another in its place)");
}

static int attach_scheduler(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			    struct errbuf *e)
{
	const char *name = NULL;
	int rc = plan_sched_name(arg, ctx, &name, e);

	rec_str(out, "scheduler", name);
	if (!rc)
		rc = need_scheduler(arg, ctx, false, e);
	ctx->attached = true;
	return rc;
}

static int replace_scheduler(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			     struct errbuf *e)
{
	const char *name = NULL;
	int rc = plan_sched_name(arg, ctx, &name, e);

	rec_str(out, "scheduler", name);
	return rc ? rc : need_scheduler(arg, ctx, true, e);
}

static int detach_scheduler(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			    struct errbuf *e)
{
	int rc = need_scheduler(arg, ctx, true, e);

	(void)out;
	ctx->attached = false;
	return rc;
}

static int restart_scheduler(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
			     struct errbuf *e)
{
	(void)out;
	return need_scheduler(arg, ctx, true, e);
}

static int read_cpus(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		     struct cpulist *l, struct errbuf *e)
{
	char text[CPULIST_TEXT_MAX];
	int rc = plan_cpus(arg, ctx, l, e);

	if (!rc)
		rec_str(out, "cpus", cpulist_format(l, text));
	return rc;
}

static int cpu_offline(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		       struct errbuf *e)
{
	struct cpulist l;
	int rc = read_cpus(arg, ctx, out, &l, e);

	return rc ? rc : names_offline(ctx, arg, &l, e);
}

static int cpu_online(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	struct cpulist l;
	int rc = read_cpus(arg, ctx, out, &l, e);

	return rc ? rc : names_online(ctx, arg, &l, e);
}

static int read_value(const struct node *arg, struct json_object *out, struct errbuf *e)
{
	const char *s, *c;
	struct node n;
	int rc;

	node_get(arg, "value", &n);
	rc = node_string(&n, "a string", &s, e);
	if (rc)
		return rc;
	for (c = s; isprint((unsigned char)*c); c++)
		;
	if (*c || c - s > VALUE_MAX)
		return node_expected(&n, e, "a value in one line of ASCII");
	rec_str(out, "value", s);
	return KT_OK;
}

static int set_sysctl(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	const char *key;
	struct node n;
	int rc = plan_op_keys(arg, "key", "value", NULL, e);

	(void)ctx;
	if (rc)
		return rc;
	node_get(arg, "key", &n);
	rc = node_string(&n, "the name of a sysctl", &key, e);
	if (!rc && !plan_sysctl_key_ok(key))
		rc = node_fail(&n, e, "\"%.40s\" is no name of a sysctl", key);
	if (rc)
		return rc;
	rec_str(out, "key", key);
	return read_value(arg, out, e);
}

static int check_path(const struct node *n, const char *path, struct errbuf *e)
{
	const char *c;

	for (c = path; isgraph((unsigned char)*c); c++)
		;
	if (*c || strncmp(path, "/sys/", 5) || strstr(path, "/../") || c - path > 255 ||
	    c[-1] == '/')
		return node_expected(n, e, "a file below /sys");
	if (!fnmatch("/sys/devices/system/cpu/cpu*/online", path, 0))
		return node_fail(n, e, "\"path\": CPUs go by cpu_offline and cpu_online");
	return KT_OK;
}

static int write_file(const struct node *arg, struct plan_ctx *ctx, struct json_object *out,
		      struct errbuf *e)
{
	const char *path;
	struct node n;
	int rc = plan_op_keys(arg, "path", "value", NULL, e);

	(void)ctx;
	if (rc)
		return rc;
	node_get(arg, "path", &n);
	rc = node_string(&n, "a file below /sys", &path, e);
	if (!rc)
		rc = check_path(&n, path, e);
	if (rc)
		return rc;
	rec_str(out, "path", path);
	return read_value(arg, out, e);
}

const struct plan_op plan_ops_system[] = {
	{ "run_payload", "a payload", run_payload },
	{ "wait_payload", "a payload and a timeout", wait_payload },
	{ "kill_payload", "a payload", kill_payload },
	{ "attach_scheduler", "a scheduler", attach_scheduler },
	{ "detach_scheduler", NULL, detach_scheduler },
	{ "restart_scheduler", NULL, restart_scheduler },
	{ "replace_scheduler", "a scheduler", replace_scheduler },
	{ "cpu_offline", "CPUs", cpu_offline },
	{ "cpu_online", "CPUs", cpu_online },
	{ "sysctl", "a key and a value", set_sysctl },
	{ "write", "a path and a value", write_file },
	{ NULL, NULL, NULL },
};
