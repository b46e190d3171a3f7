// SPDX-License-Identifier: GPL-2.0-only
/* "steps", or "cgroups" as the short form of one step that is held in full. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "plan.h"
#include "record.h"
#include "units.h"
#include "worktype.h"

#define STEPS_MAX       512
#define CGROUPS_MAX     1024 /* of one step */
#define NAME_MAX_LEN    64
#define WORKERS_DEFAULT 2

/* What a plan comes to, to tell a test that does nothing. */
struct totals {
	uint64_t hold_ns;
	size_t cgroups;
};

/* Would a directory of this name clash with the files that cgroup v2 puts there? */
static bool is_control_file(const char *name)
{
	static const char *const prefixes[] = {
		"cgroup.", "cpu.",  "cpuset.",  "memory.", "io.", "pids.",
		"irq.",    "misc.", "hugetlb.", "rdma.",   NULL,
	};
	int i;

	for (i = 0; prefixes[i]; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static int read_name(const struct node *cgroup, const char **name, struct errbuf *e)
{
	struct node n;
	const char *c;
	int rc = node_object(cgroup, "a cgroup, an object with a \"name\"", e);

	if (rc)
		return rc;
	if (!node_get(cgroup, "name", &n))
		return node_fail(cgroup, e, "a cgroup without \"name\"");
	rc = node_string(&n, "a name", name, e);
	if (rc)
		return rc;
	for (c = *name; isalnum((unsigned char)*c) || (*c && strchr("_.-", *c)); c++)
		;
	if (*c || c == *name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
		return node_expected(&n, e, "a name of letters, digits and _ . -");
	if (c - *name > NAME_MAX_LEN)
		return node_fail(&n, e, "\"name\": longer than %d characters", NAME_MAX_LEN);
	if (is_control_file(*name))
		return node_fail(&n, e,
				 "\"name\": \"%s\" begins as the kernel's own files in a cgroup do",
				 *name);
	return KT_OK;
}

/* Names of the step so far are members of `names`. */
static int check_unique(const struct node *cgroup, const char *name, struct json_object *names,
			struct errbuf *e)
{
	struct node n;

	if (json_object_object_get_ex(names, name, NULL)) {
		node_get(cgroup, "name", &n);
		return node_fail(&n, e, "cgroup \"%s\" is there twice in one step", name);
	}
	json_object_object_add(names, name, NULL);
	return KT_OK;
}

static int read_workers(const struct node *cgroup, const char *type, unsigned int group,
			int64_t *workers, struct errbuf *e)
{
	int64_t fits;
	struct node n;
	int rc;

	*workers = WORKERS_DEFAULT;
	if (!node_get(cgroup, "workers", &n))
		return KT_OK;
	rc = node_whole(&n, 1, WORK_WORKERS_MAX, "a whole number", workers, e);
	if (rc || *workers % group == 0)
		return rc;
	fits = *workers + group - *workers % group;
	return node_fail(&n, e,
			 "\"workers\": those of %s come in groups of %u, so it cannot be %lld "
			 "(such as %lld can)",
			 type, group, (long long)*workers, (long long)fits);
}

static int fill_cgroup(const struct node *cgroup, const struct plan_ctx *ctx,
		       struct json_object *out, struct errbuf *e)
{
	char cpus[CPULIST_TEXT_MAX];
	struct json_object *work;
	unsigned int group;
	bool set = false;
	int64_t workers;
	struct node n;
	int rc = KT_OK;

	if (node_get(cgroup, "work", &n))
		rc = plan_work(&n, ctx, &work, &group, e);
	else
		work = plan_work_default(&group);
	if (!rc)
		rc = read_workers(cgroup, rec_get_str(work, "type", ""), group, &workers, e);
	if (!rc && node_get(cgroup, "cpuset", &n)) {
		rc = plan_cpuset(&n, ctx, cpus, e);
		set = !rc;
	}
	rec_str(out, "cpus", set ? cpus : NULL);
	if (!rc)
		rec_int(out, "workers", workers);
	rec_add(out, "work", work);
	return rc;
}

static int read_cgroup(const struct node *cgroup, const struct plan_ctx *ctx,
		       struct json_object *names, struct json_object *list, struct errbuf *e)
{
	static const char *const keys[] = { "name", "workers", "work", "cpuset", NULL };
	struct json_object *out;
	const char *name;
	char what[NAME_MAX_LEN + 16];
	int rc = read_name(cgroup, &name, e);

	if (rc)
		return rc;
	snprintf(what, sizeof(what), "cgroup \"%s\"", name);
	rc = node_keys(cgroup, keys, what, e);
	if (!rc)
		rc = check_unique(cgroup, name, names, e);
	if (rc)
		return rc;
	out = json_object_new_object();
	json_object_array_add(list, out);
	rec_str(out, "name", name);
	return fill_cgroup(cgroup, ctx, out, e);
}

static int read_cgroups(const struct node *n, const struct plan_ctx *ctx, struct totals *totals,
			struct json_object *step, struct errbuf *e)
{
	struct json_object *list, *names;
	struct node cgroup;
	int rc = node_array(n, "an array of cgroups", e);
	size_t i;

	if (!rc && node_count(n) > CGROUPS_MAX)
		return node_fail(n, e, "\"cgroups\": more than %d in one step", CGROUPS_MAX);
	if (rc)
		return rc;
	list = json_object_new_array();
	rec_add(step, "cgroups", list);
	names = json_object_new_object();
	for (i = 0; !rc && i < node_count(n); i++) {
		cgroup = node_item(n, i);
		rc = read_cgroup(&cgroup, ctx, names, list, e);
	}
	totals->cgroups += i;
	json_object_put(names);
	return rc;
}

static int read_hold(const struct node *n, const struct plan_ctx *ctx, uint64_t *ns,
		     struct errbuf *e)
{
	static const char want[] = "\"full\", a fraction of the duration above 0 and up to 1, or a "
				   "duration such as \"5s\"";
	const char *s;
	double f;

	if (json_object_is_type(n->v, json_type_string)) {
		s = json_object_get_string(n->v);
		*ns = ctx->duration_ns;
		if (strcmp(s, "full") == 0)
			return KT_OK;
		if (units_duration(s, ns, NULL))
			return node_expected(n, e, want);
		return node_duration(n, 0, NODE_DURATION_MAX, ns, e);
	}
	if (node_number(n, 0, 1, want, &f, e))
		return KT_DATA;
	if (f == 0)
		return node_expected(n, e, want);
	*ns = (uint64_t)(f * (double)ctx->duration_ns);
	return KT_OK;
}

static int read_step(const struct node *n, const struct plan_ctx *ctx, struct totals *totals,
		     struct json_object *steps, struct errbuf *e)
{
	static const char *const keys[] = { "cgroups", "hold", NULL };
	uint64_t hold_ns = ctx->duration_ns;
	struct json_object *step;
	char what[32];
	struct node m;
	int rc;

	snprintf(what, sizeof(what), "step %zu", n->index);
	rc = node_object(n, "a step, an object with \"cgroups\" and \"hold\"", e);
	if (!rc)
		rc = node_keys(n, keys, what, e);
	if (!rc && node_get(n, "hold", &m))
		rc = read_hold(&m, ctx, &hold_ns, e);
	if (!rc && !node_get(n, "cgroups", &m))
		return node_fail(n, e, "step %zu has no \"cgroups\"", n->index);
	if (rc)
		return rc;
	step = json_object_new_object();
	json_object_array_add(steps, step);
	rec_int(step, "hold_ns", (int64_t)hold_ns);
	totals->hold_ns += hold_ns;
	return read_cgroups(&m, ctx, totals, step, e);
}

static int read_steps(const struct node *n, const struct plan_ctx *ctx, struct totals *totals,
		      struct json_object *steps, struct errbuf *e)
{
	struct node step;
	int rc = node_array(n, "an array of steps", e);
	size_t i;

	if (!rc && node_count(n) > STEPS_MAX)
		return node_fail(n, e, "\"steps\": more than %d", STEPS_MAX);
	for (i = 0; !rc && i < node_count(n); i++) {
		step = node_item(n, i);
		rc = read_step(&step, ctx, totals, steps, e);
	}
	return rc;
}

int plan_steps(const struct node *test, const struct plan_ctx *ctx, struct json_object **steps,
	       struct errbuf *e)
{
	struct totals totals = { 0, 0 };
	struct json_object *step;
	struct node n, other;
	bool brief = node_get(test, "cgroups", &n);
	int rc;

	*steps = NULL;
	if (brief && node_get(test, "steps", &other))
		return node_fail_key(&other, e,
				     "\"steps\" and \"cgroups\" exclude each other (\"cgroups\" is "
				     "short for one step)");
	if (!brief && !node_get(test, "steps", &n))
		return node_fail(test, e, "the test has neither \"cgroups\" nor \"steps\"");
	*steps = json_object_new_array();
	if (brief) {
		step = json_object_new_object();
		json_object_array_add(*steps, step);
		rec_int(step, "hold_ns", (int64_t)ctx->duration_ns);
		totals.hold_ns = ctx->duration_ns;
		rc = read_cgroups(&n, ctx, &totals, step, e);
	} else {
		rc = read_steps(&n, ctx, &totals, *steps, e);
	}
	if (!rc && !totals.cgroups)
		return node_fail(&n, e, "the test has no cgroup, so nothing would run");
	if (!rc && !totals.hold_ns)
		return node_fail(&n, e, "the steps are held for no time, so nothing would run");
	return rc;
}
