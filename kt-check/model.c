// SPDX-License-Identifier: GPL-2.0-only
/* The records that are kept, except the worker's (worker.c): plan, steps, scheduler, guest, VM. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "group.h"
#include "model.h"
#include "record.h"
#include "worker.h"

/* Replaces *s by a copy of `text`, which may be NULL. */
static int keep(char **s, const char *text)
{
	free(*s);
	*s = text ? strdup(text) : NULL;
	return text && !*s ? -ENOMEM : 0;
}

static int take_plan_cgroup(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", NULL);
	int64_t workers = rec_get_int(o, "workers", -1);
	struct group *g;

	if (!name || workers < 0 || workers > MODEL_MAX_WORKERS)
		return errbuf_set(e, -EINVAL,
				  "expected a name and a number of workers in each cgroup");
	g = group_get(m, step, name, e);
	if (!g)
		return -ENOMEM;
	g->planned += workers;
	return 0;
}

static int take_plan_step(struct model *m, int64_t step, struct json_object *o, struct errbuf *e)
{
	struct json_object *cgroups = rec_get_arr(o, "cgroups");
	size_t i, n = cgroups ? json_object_array_length(cgroups) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = take_plan_cgroup(m, step, json_object_array_get_idx(cgroups, i), e);
	return rc;
}

static int take_test(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *sched = rec_get_obj(o, "scheduler");
	struct json_object *steps = rec_get_arr(o, "steps");
	size_t i, n = steps ? json_object_array_length(steps) : 0;
	const char *name = rec_get_str(o, "name", NULL);
	int rc;

	if (m->have_test)
		return errbuf_set(e, -EINVAL, "expected one test in the input, this is a second");
	if (!name)
		return errbuf_set(e, -EINVAL, "expected a string as name");
	m->have_test = true;
	rc = limits_from_plan(&m->limits, rec_get_obj(o, "assert"), e);
	if (!rc)
		rc = keep(&m->test, name);
	if (!rc && sched)
		rc = keep(&m->scheduler, rec_get_str(sched, "name", "(unnamed)"));
	for (i = 0; i < n && !rc; i++)
		rc = take_plan_step(m, (int64_t)i, json_object_array_get_idx(steps, i), e);
	return rc;
}

static int take_step(struct model *m, struct json_object *o, struct errbuf *e)
{
	int64_t index = rec_get_int(o, "index", -1), ns = rec_get_int(o, "guest_ns", -1);
	const char *event = rec_get_str(o, "event", "");

	if (index < 0 || ns < 0)
		return errbuf_set(e, -EINVAL, "expected numbers >= 0 as index and guest_ns");
	if (strcmp(event, "end") == 0) {
		m->step = -1;
		return 0;
	}
	if (!m->begun)
		m->begin_ns = ns;
	m->begun = true;
	m->step = m->last_step = index;
	return 0;
}

static int take_sched(struct model *m, struct json_object *o, struct errbuf *e)
{
	static const char *const events[SCHED_EVENTS] = {
		[SCHED_START] = "start", [SCHED_ATTACH] = "attach", [SCHED_FAILED] = "failed",
		[SCHED_EXIT] = "exit",   [SCHED_STOP] = "stop",
	};
	const char *event = rec_get_str(o, "event", NULL);
	struct sched *s = &m->sched;
	bool first = !s->seen[SCHED_FAILED] && !s->seen[SCHED_EXIT];
	int i;

	if (!event)
		return errbuf_set(e, -EINVAL, "expected a string as event");
	for (i = 0; i < SCHED_EVENTS && strcmp(event, events[i]) != 0;)
		i++;
	if (i == SCHED_EVENTS) /* log, and what later versions add */
		return 0;
	s->seen[i] = true;
	if ((i != SCHED_FAILED && i != SCHED_EXIT) || !first)
		return 0;
	s->step = m->step;
	s->guest_ns = rec_get_int(o, "guest_ns", 0) < 0 ? 0 : rec_get_int(o, "guest_ns", 0);
	if (keep(&s->reason, rec_get_str(o, "reason", NULL)))
		return -ENOMEM;
	return keep(&s->exit, rec_get_str(o, "exit", NULL));
}

static int take_guest(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	if (strcmp(rec_get_str(o, "event", ""), "error") != 0 || m->guest_error)
		return 0;
	return keep(&m->guest_error, rec_get_str(o, "text", "no text"));
}

static int take_vm_exit(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *panic = rec_get_arr(o, "panic"), *line = NULL;
	const char *cause = rec_get_str(o, "cause", NULL);
	int rc;

	if (!cause)
		return errbuf_set(e, -EINVAL, "expected a string as cause");
	if (panic && json_object_array_length(panic))
		line = json_object_array_get_idx(panic, 0);
	rc = keep(&m->vm_cause, cause);
	if (!rc)
		rc = keep(&m->vm_detail, rec_get_str(o, "detail", NULL));
	if (!rc && json_object_is_type(line, json_type_string))
		rc = keep(&m->vm_panic, json_object_get_string(line));
	return rc;
}

/* The end record of the guest; those of the tools are the stream's own (main.c). */
static int take_end(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	if (json_object_object_get_ex(o, "t_ns", NULL))
		m->guest_exit = rec_get_int(o, "exit", KT_SOFTWARE);
	return 0;
}

static const struct {
	const char *type;
	int (*take)(struct model *m, struct json_object *o, struct errbuf *e);
} takers[] = {
	{ "test", take_test },   { "step", take_step },   { "worker", take_worker },
	{ "sched", take_sched }, { "guest", take_guest }, { "vm_exit", take_vm_exit },
	{ "end", take_end },     { NULL, NULL },
};

bool model_wants(const char *type)
{
	int i;

	for (i = 0; takers[i].type; i++)
		if (strcmp(takers[i].type, type) == 0)
			return true;
	return false;
}

int model_take(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *type = rec_get_str(o, "type", "");
	int i;

	e->text[0] = '\0';
	for (i = 0; takers[i].type; i++)
		if (strcmp(takers[i].type, type) == 0)
			return takers[i].take(m, o, e);
	return 0;
}

int model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->step = m->last_step = m->guest_exit = m->sched.step = -1;
	limits_init(&m->limits, LIMIT_OFF);
	m->group_index = json_object_new_object();
	m->cgroup_index = json_object_new_object();
	return m->group_index && m->cgroup_index ? 0 : -ENOMEM;
}

void model_free(struct model *m)
{
	uint32_t i;

	for (i = 0; i < m->nworkers; i++)
		free(m->workers[i].outside);
	for (i = 0; i < m->ngroups; i++)
		free(m->groups[i].cpuset);
	for (i = 0; i < m->ncgroups; i++)
		free(m->cgroups[i].name);
	free(m->workers);
	free(m->groups);
	free(m->cgroups);
	json_object_put(m->group_index);
	json_object_put(m->cgroup_index);
	free(m->test);
	free(m->scheduler);
	free(m->sched.reason);
	free(m->sched.exit);
	free(m->vm_cause);
	free(m->vm_detail);
	free(m->vm_panic);
	free(m->guest_error);
	free(m->worker_died);
}
