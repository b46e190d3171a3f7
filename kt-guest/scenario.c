// SPDX-License-Identifier: GPL-2.0-only
/* Steps: cgroups and workers set up, held, stopped, reported, torn down. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "report.h"
#include "scenario.h"
#include "worker.h"

#define WORKERS_MAX  65536
#define READY_WAIT   (5 * NSEC_PER_SEC)
#define COLLECT_WAIT (5 * NSEC_PER_SEC)
#define KILL_WAIT    (2 * NSEC_PER_SEC)
#define REMIND_TICK  (20 * NSEC_PER_MSEC)

struct step {
	unsigned int index;
	uint64_t hold_ns;
	struct json_object *cgroups; /* the plan's array */
	size_t ncg;
	struct cgroup *cg;
	int64_t *values; /* of the parameters of the workers' types; the first worker's of a cgroup
			  */
	struct crew crew;
};

static struct json_object *cgroup_plan(const struct step *s, size_t i)
{
	return json_object_array_get_idx(s->cgroups, i);
}

static unsigned int group_workers(struct json_object *group)
{
	int64_t n = rec_get_int(group, "workers", 0);

	return n < 0 ? 0 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned int)n;
}

/* A cgroup without "groups" is the one group itself. */
static struct json_object *group_plan(struct json_object *cgroup, size_t i)
{
	struct json_object *groups = rec_get_arr(cgroup, "groups");

	if (groups)
		return json_object_array_get_idx(groups, i);
	return i ? NULL : cgroup;
}

static unsigned int workers_of(struct json_object *cgroup)
{
	struct json_object *group;
	unsigned int n = 0;
	size_t i;

	for (i = 0; (group = group_plan(cgroup, i)) && n <= WORKERS_MAX; i++)
		n += group_workers(group);
	return n;
}

/* Says who the workers of one group of a cgroup are; `index` counts within the cgroup. */
static int fill(struct step *s, struct json_object *cgroup, size_t group_index, unsigned int first,
		unsigned int index, struct errbuf *e)
{
	struct json_object *group = group_plan(cgroup, group_index);
	struct json_object *params = rec_get_obj(group, "work");
	const char *name = rec_get_str(params, "type", "?");
	const struct work_type *type = work_type_find(name);
	unsigned int i, size, n = group_workers(group);
	int64_t *values;
	int rc;

	if (!type)
		return errbuf_set(e, -EINVAL, "step %u: unknown work type '%s'", s->index, name);
	values = s->values + first * WORK_PARAMS_MAX;
	rc = work_type_values(type, params, values);
	if (rc)
		return errbuf_set(e, rc, "step %u: %s: parameters are not as its type has them",
				  s->index, name);
	size = work_type_group(type, values);
	for (i = 0; i < n; i++) {
		struct worker *w = &s->crew.w[first + i];

		w->step = s->index;
		w->index = index + i;
		w->group_index = (unsigned int)group_index;
		w->cgroup = rec_get_str(cgroup, "name", "?");
		w->cpus = rec_get_str(cgroup, "cpus", NULL);
		w->type = type;
		w->params = params;
		w->values = values;
		w->ncgroup = n;
	}
	for (i = 0; i + size <= n && !rc; i += size)
		rc = crew_group(&s->crew, first + i, size, e);
	return rc;
}

static int fill_cgroup(struct step *s, struct json_object *cgroup, unsigned int first,
		       struct errbuf *e)
{
	struct json_object *group;
	unsigned int index = 0;
	size_t i;
	int rc = 0;

	for (i = 0; (group = group_plan(cgroup, i)) && !rc; i++) {
		rc = fill(s, cgroup, i, first + index, index, e);
		index += group_workers(group);
	}
	return rc;
}

static int setup(struct step *s, struct errbuf *e)
{
	unsigned int first = 0, total = 0;
	size_t i;
	int rc;

	for (i = 0; i < s->ncg; i++)
		total += workers_of(cgroup_plan(s, i));
	if (total > WORKERS_MAX)
		return errbuf_set(e, -E2BIG, "step %u: more than %d workers", s->index,
				  WORKERS_MAX);
	s->values = calloc(total + 1, WORK_PARAMS_MAX * sizeof(*s->values));
	if (!s->values)
		return errbuf_set(e, -ENOMEM, "step %u: out of memory", s->index);
	rc = crew_init(&s->crew, total, e);
	for (i = 0; i < s->ncg && !rc; i++) {
		struct json_object *p = cgroup_plan(s, i);

		rc = fill_cgroup(s, p, first, e);
		if (!rc)
			rc = cgroup_make(&s->cg[i], rec_get_str(p, "name", "?"),
					 rec_get_str(p, "cpus", NULL), e);
		if (!rc)
			rc = crew_spawn(&s->crew, workers_of(p), &s->cg[i], e);
		first += workers_of(p);
	}
	return rc;
}

/* Waits until all are reaped, or until_ns: the number left. */
static unsigned int reap_until(struct step *s, struct sched *sched, uint64_t until_ns, bool remind)
{
	unsigned int left = crew_reap(&s->crew);
	uint64_t now = tm_now(), tick;

	while (left && now < until_ns) {
		tick = now + REMIND_TICK < until_ns ? now + REMIND_TICK : until_ns;
		/* a signal that came just before a worker began to wait is lost on it */
		if (sched_wait(sched, crew_child_fd(&s->crew), tick) == SCHED_TIME && remind)
			crew_stop(&s->crew);
		left = crew_reap(&s->crew);
		now = tm_now();
	}
	return left;
}

/*
 * Reaps all workers, by force where need be. A starved worker cannot even die while its
 * scheduler starves it, so the scheduler goes before the last wait: the kernel's own takes over.
 */
static void collect(struct step *s, struct sched *sched, bool by_force)
{
	if (!by_force) {
		crew_stop(&s->crew);
		if (!reap_until(s, sched, tm_now() + COLLECT_WAIT, true))
			return;
	}
	crew_kill(&s->crew);
	if (!reap_until(s, sched, tm_now() + KILL_WAIT, false))
		return;
	sched_stop(sched);
	reap_until(s, sched, tm_now() + COLLECT_WAIT, false);
}

static void step_record(struct rec_out *out, const struct step *s, const char *event, uint64_t ns)
{
	struct json_object *o = rec_new("step");

	rec_int(o, "index", s->index);
	rec_str(o, "event", event);
	rec_int(o, "guest_ns", (int64_t)ns);
	rec_put(out, o);
}

static void report(struct step *s, struct rec_out *out)
{
	unsigned int i;

	step_record(out, s, "end", s->crew.stop_ns);
	for (i = 0; i < s->crew.started; i++)
		rec_put(out, report_worker(&s->crew, &s->crew.w[i]));
}

/* The step itself, between set-up and tear-down. */
static void run(struct step *s, struct sched *sched, struct rec_out *out)
{
	enum sched_event ev = SCHED_TIME;

	if (s->crew.n)
		ev = sched_wait(sched, crew_ready_fd(&s->crew), tm_now() + READY_WAIT);
	if (ev == SCHED_LOST) {
		collect(s, sched, true);
		sched_lost(sched);
		return;
	}
	step_record(out, s, "start", tm_now());
	crew_start(&s->crew);
	sched_wait(sched, -1, s->crew.start_ns + s->hold_ns);
	collect(s, sched, false);
	if (sched->lost_ns)
		sched_lost(sched);
	report(s, out);
}

static int teardown(struct step *s, struct errbuf *e)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < s->ncg; i++)
		if (cgroup_remove(&s->cg[i], rc ? NULL : e))
			rc = -EBUSY;
	crew_free(&s->crew);
	free(s->cg);
	free(s->values);
	return rc;
}

static int step(struct json_object *plan, unsigned int index, struct sched *sched,
		struct rec_out *out, struct errbuf *e)
{
	struct json_object *cgroups = rec_get_arr(plan, "cgroups");
	struct step s = { .index = index,
			  .hold_ns = (uint64_t)rec_get_int(plan, "hold_ns", 0),
			  .cgroups = cgroups,
			  .ncg = cgroups ? json_object_array_length(cgroups) : 0 };
	size_t i;
	int rc, rc2;

	s.cg = calloc(s.ncg + 1, sizeof(*s.cg));
	if (!s.cg)
		return errbuf_set(e, -ENOMEM, "step %u: out of memory", index);
	for (i = 0; i < s.ncg; i++)
		s.cg[i].fd = -1;
	rc = setup(&s, e);
	if (rc)
		collect(&s, sched, true);
	else
		run(&s, sched, out);
	rc2 = teardown(&s, rc ? NULL : e);
	return rc ? rc : rc2;
}

int scenario_run(struct json_object *plan, struct sched *sched, struct rec_out *out,
		 struct errbuf *e)
{
	struct json_object *steps = rec_get_arr(plan, "steps");
	size_t i, n = steps ? json_object_array_length(steps) : 0;
	bool had_scheduler = sched->running;
	int rc = cgroup_setup(e);

	for (i = 0; i < n && !rc; i++) {
		rc = step(json_object_array_get_idx(steps, i), (unsigned int)i, sched, out, e);
		if (rc || !had_scheduler || sched->running)
			continue;
		rc = 1; /* the rest would test another scheduler */
		if (!sched->lost_ns && i + 1 < n)
			rc = errbuf_set(
				e, -EBUSY,
				"workers of step %zu would not die before their scheduler was "
				"stopped; the steps after it are left out",
				i);
	}
	cgroup_teardown();
	return rc;
}
