// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "fork": what a worker's type does fails only where the plan limits it: a cgroup
 * around it with a limit of tasks or memory, or an op that writes such a limit somewhere.
 */
#include <string.h>

#include "fork.h"
#include "judge/check.h"
#include "record.h"

/* Files of cgroups, and words in what the ops "write" and "sysctl" name. */
static const char *const limiting[] = { "pids.max", "memory.max",  "memory.high",
					"pid_max",  "threads-max", NULL };

static bool is_around(const char *name, const char *cgroup)
{
	size_t n = strlen(name);

	return strncmp(name, cgroup, n) == 0 && (cgroup[n] == '/' || !cgroup[n]);
}

static const char *limit_in_files(struct json_object *list, const char *cgroup)
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	struct json_object *o, *files;
	int k;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(list, i);
		files = rec_get_obj(o, "files");
		if (!files || !is_around(rec_get_str(o, "name", "?"), cgroup))
			continue;
		for (k = 0; limiting[k]; k++)
			if (json_object_object_get_ex(files, limiting[k], NULL))
				return limiting[k];
	}
	return NULL;
}

static const char *limit_in_ops(struct json_object *ops, const char *cgroup)
{
	size_t i, n = ops ? json_object_array_length(ops) : 0;
	struct json_object *o, *made, *files;
	int k;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(ops, i);
		made = rec_get_obj(o, "cgroup");
		files = rec_get_obj(made, "files");
		for (k = 0; limiting[k]; k++) {
			if (strstr(rec_get_str(o, "path", ""), limiting[k]) ||
			    strstr(rec_get_str(o, "key", ""), limiting[k]))
				return limiting[k];
			if (files && is_around(rec_get_str(made, "name", "?"), cgroup) &&
			    json_object_object_get_ex(files, limiting[k], NULL))
				return limiting[k];
		}
	}
	return NULL;
}

static const char *limit_in(struct json_object *owner, const char *cgroup)
{
	const char *limit = limit_in_files(rec_get_arr(owner, "cgroups"), cgroup);

	return limit ? limit : limit_in_ops(rec_get_arr(owner, "ops"), cgroup);
}

/* The limit of the plan that may be why, or NULL. */
static const char *limit_of_plan(const struct model *m, const struct place *p)
{
	const char *cgroup = m->cgroups[p->cgroup].name;
	struct json_object *steps = rec_get_arr(m->plan, "steps"), *step;
	const char *limit = limit_in(rec_get_obj(m->plan, "backdrop"), cgroup);
	size_t i, n = steps ? json_object_array_length(steps) : 0;

	for (i = 0; i < n && !limit; i++) {
		step = json_object_array_get_idx(steps, i);
		limit = limit_in(step, cgroup);
	}
	return limit;
}

/* Is it a type whose work is to fork? Of others only what failed is told. */
static bool forks(const struct group *g)
{
	return g->work && strcmp(g->work, "ForkExit") == 0;
}

void check_fork(struct judge *j, const struct check *c, const struct group *g)
{
	struct finding f = finding_of(c->name, g);
	const struct worker *w;
	const char *limit = NULL;
	bool any = false;

	f.unit = c->unit;
	for (w = worker_next(j, g, NULL); w; w = worker_next(j, g, w)) {
		if (!w->failed)
			continue;
		if (!any)
			limit = limit_of_plan(j->m, &j->m->places[g->place]);
		any = true;
		f.worker = w;
		f.observed = (double)w->failed;
		if (limit)
			judge_say(j, V_SKIP, &f,
				  "worker %lld: calls failed, %s, which the plan's %s may explain",
				  (long long)w->tid, w->failure, limit);
		else
			judge_say(
				j, V_FAIL, &f,
				"worker %lld: calls failed, %s, and no limit of the plan explains it",
				(long long)w->tid, w->failure);
	}
	if (!any && forks(g))
		judge_say(j, V_PASS, &f, "no fork or exec failed");
}
