// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records that are kept, beside the plan (plan.c), workers (worker.c) and payloads
 * (payload.c): topology, steps, ops, scheduler, guest, VM.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "group.h"
#include "model.h"
#include "payload.h"
#include "plan.h"
#include "record.h"
#include "sample.h"
#include "temporal.h"
#include "worker.h"

/* Replaces *s by a copy of `text`, which may be NULL. */
static int keep(char **s, const char *text)
{
	free(*s);
	*s = text ? strdup(text) : NULL;
	return text && !*s ? -ENOMEM : 0;
}

static int take_step(struct model *m, struct json_object *o, struct errbuf *e)
{
	int64_t index = rec_get_int(o, "index", 0), ns = rec_get_int(o, "guest_ns", 0);
	const char *event = rec_get_str(o, "event", "");
	struct window *window;

	/* whole_take() has seen to it that the numbers are there */
	window = window_get(m, index, e);
	if (!window)
		return -ENOMEM;
	if (strcmp(event, "end") == 0)
		window->to = ns;
	else
		window->from = ns; /* the hold's, which comes after the start */
	if (strcmp(event, "end") == 0)
		away_close(&m->away);
	observed_step(&m->seen, strcmp(event, "end") != 0, rec_get_int(o, "t_ns", 0));
	m->seen.held_ns = strcmp(event, "hold") == 0 ? rec_get_int(o, "t_ns", 0) : -1;
	host_clock(&m->host, rec_get_int(o, "t_ns", -1), ns);
	if (strcmp(event, "end") == 0) {
		m->step = -1;
		m->stop_ns = ns;
		return 0;
	}
	if (!m->begun) {
		m->begin_ns = ns;
		m->clock_ns = rec_get_int(o, "t_ns", ns) - ns;
	}
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
	if (strcmp(event, "restart") == 0 &&
	    rec_get_int(o, "duration_ns", 0) > m->away.restart_ns) {
		m->away.restart_ns = rec_get_int(o, "duration_ns", 0);
		m->away.restart_at = rec_get_int(o, "t_ns", 0);
	}
	if (i == SCHED_EVENTS) /* log, and what later versions add */
		return 0;
	if (i == SCHED_ATTACH)
		snprintf(m->away.ops, sizeof(m->away.ops), "%s", rec_get_str(o, "ops", ""));
	s->seen[i] = true;
	s->attached += i == SCHED_ATTACH;
	s->running = i == SCHED_ATTACH || (s->running && i == SCHED_START);
	if ((i != SCHED_FAILED && i != SCHED_EXIT) || !first)
		return 0;
	s->step = m->step;
	s->guest_ns = rec_get_int(o, "guest_ns", 0) < 0 ? 0 : rec_get_int(o, "guest_ns", 0);
	if (keep(&s->name, rec_get_str(o, "name", NULL)))
		return -ENOMEM;
	if (keep(&s->reason, rec_get_str(o, "reason", NULL)))
		return -ENOMEM;
	return keep(&s->exit, rec_get_str(o, "exit", NULL));
}

/* Who waited for a CPU when kt-guest met an error may be what held it up. */
static void take_starved(struct model *m)
{
	const struct raw *r = m->seen.raw;
	uint32_t i;

	for (i = 0; r && i < r->nwaiting; i++)
		if (r->waiting[i].wait_ns > m->starved.wait_ns)
			m->starved = raw_who(&r->waiting[i]);
}

/* "step 1, op 2 (set_cpuset a): text"; what an op is about has one of several names. */
static int tell_op(struct model *m, struct json_object *o)
{
	static const char *const abouts[] = { "cgroup", "payload", "scheduler", "from",
					      "cpus",   "key",     "path",      NULL };
	int64_t step = rec_get_int(o, "step", MODEL_BACKDROP);
	const char *about = NULL;
	char where[32] = "backdrop";
	int i;

	if (!m->guest_error)
		take_starved(m);
	for (i = 0; abouts[i] && !about; i++)
		about = rec_get_str(o, abouts[i], NULL);
	if (step >= 0)
		snprintf(where, sizeof(where), "step %lld", (long long)step);
	i = asprintf(&m->op_error, "%s, op %lld (%s%s%s): %s", where,
		     (long long)rec_get_int(o, "index", -1), rec_get_str(o, "op", "?"),
		     about ? " " : "", about ? about : "",
		     rec_get_str(o, "error", "no error text"));
	if (i < 0)
		m->op_error = NULL;
	return i < 0 ? -ENOMEM : 0;
}

static int take_op(struct model *m, struct json_object *o, struct errbuf *e)
{
	int64_t index = rec_get_int(o, "index", -1), count = rec_get_int(o, "count", 1);
	struct op *op;

	if (index < 0 || count < 0)
		return errbuf_set(e, -EINVAL, "expected numbers >= 0 as index and count");
	op = op_get(m, rec_get_int(o, "step", MODEL_BACKDROP), index, e);
	if (!op)
		return -ENOMEM;
	op->seen = true;
	if (rec_get_bool(o, "ok", false)) {
		op->count = arith_add(op->count, (uint64_t)count);
		return 0;
	}
	return m->op_error ? 0 : tell_op(m, o);
}

/* Which CPUs each node has: what its memory is nearest to. */
static int take_topology(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *nodes = rec_get_arr(o, "nodes"), *n;
	size_t i, len = nodes ? json_object_array_length(nodes) : 0;
	struct errbuf why;
	int64_t id;

	shape_asked(&m->shape, o);
	for (i = 0; i < len; i++) {
		n = json_object_array_get_idx(nodes, i);
		id = rec_get_int(n, "id", -1);
		if (id < 0 || id >= MODEL_MAX_NODES ||
		    cpulist_parse(rec_get_str(n, "cpus", ""), &m->node_cpus[id], &why))
			return errbuf_set(e, -EINVAL,
					  "expected an id below %d and a CPU list in each node",
					  MODEL_MAX_NODES);
		cpulist_or(&m->cpus, &m->node_cpus[id]);
		m->nnodes = (uint32_t)id + 1 > m->nnodes ? (uint32_t)id + 1 : m->nnodes;
	}
	return 0;
}

/* A run without a guest: the machine's own nodes, as the topology's. */
static int take_host(struct model *m, struct json_object *o, struct errbuf *e)
{
	m->on_host = true;
	return take_topology(m, o, e);
}

static int take_guest(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	if (strcmp(rec_get_str(o, "event", ""), "topology") == 0)
		shape_found(&m->shape, o);
	if (strcmp(rec_get_str(o, "event", ""), "done") == 0) {
		m->host_done = true;
		m->done_ns = rec_get_int(o, "guest_ns", -1);
	}
	if (strcmp(rec_get_str(o, "event", ""), "error") != 0 || m->guest_error)
		return 0;
	if (!m->op_error)
		take_starved(m);
	return keep(&m->guest_error, rec_get_str(o, "text", "no text"));
}

static void take_load(struct host_model *h, struct json_object *load)
{
	size_t i;

	if (!load || json_object_array_length(load) != 3)
		return;
	for (i = 0; i < 3; i++)
		h->load[i] = json_object_get_double(json_object_array_get_idx(load, i));
	h->have_load = true;
}

static int take_vm(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	snprintf(m->host.engine, sizeof(m->host.engine), "%s", rec_get_str(o, "engine", ""));
	m->host.vcpus = rec_get_int(o, "cpus", 0);
	m->host.cpus = rec_get_int(rec_get_obj(o, "host"), "cpus", 0);
	take_load(&m->host, rec_get_arr(rec_get_obj(o, "host"), "load"));
	return 0;
}

static int take_console(struct model *m, struct json_object *o, struct errbuf *e)
{
	(void)e;
	klog_line(&m->klog, rec_get_str(o, "text", ""), rec_get_int(o, "t_ns", 0));
	return 0;
}

static int take_vm_exit(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct json_object *panic = rec_get_arr(o, "panic"), *line = NULL;
	const char *cause = rec_get_str(o, "cause", NULL);
	int rc;

	if (!cause)
		return errbuf_set(e, -EINVAL, "expected a string as cause");
	m->exit_ns = rec_get_int(o, "t_ns", 0);
	m->lost.console = rec_get_int(o, "console_dropped", 0);
	m->lost.record = rec_get_int(o, "record_lost", 0);
	take_load(&m->host, rec_get_arr(o, "load"));
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
	if (json_object_object_get_ex(o, "t_ns", NULL)) {
		m->guest_exit = rec_get_int(o, "exit", KT_SOFTWARE);
		m->done_ns = rec_get_int(o, "t_ns", -1);
	}
	return 0;
}

static const struct {
	const char *type;
	int (*take)(struct model *m, struct json_object *o, struct errbuf *e);
} takers[] = {
	{ "test", take_test },
	{ "topology", take_topology },
	{ "host", take_host },
	{ "step", take_step },
	{ "op", take_op },
	{ "worker", take_worker },
	{ "payload", take_payload },
	{ "sched", take_sched },
	{ "guest", take_guest },
	{ "boot", take_boot },
	{ "observe", take_observe },
	{ "snapshot", take_snapshot },
	{ "vm", take_vm },
	{ "console", take_console },
	{ "observer", take_observer },
	{ "vm_exit", take_vm_exit },
	{ "end", take_end },
	{ NULL, NULL },
};

bool model_wants(const struct model *m, const char *type)
{
	bool mine, wanted = observed_wants(&m->seen, type, &mine);
	int i;

	if (mine)
		return wanted;
	for (i = 0; takers[i].type; i++)
		if (strcmp(takers[i].type, type) == 0)
			return true;
	return strcmp(type, "sample") == 0;
}

int model_take(struct model *m, const char *line, size_t len, struct json_object *o,
	       struct errbuf *e)
{
	const char *type = rec_get_str(o, "type", "");
	int i;

	e->text[0] = '\0';
	if (!model_wants(m, type))
		return 0;
	if (strcmp(type, "sample") == 0)
		return take_sample(m, line, len, o, e);
	for (i = 0; takers[i].type; i++)
		if (strcmp(takers[i].type, type) == 0)
			return takers[i].take(m, o, e);
	return 0;
}

bool model_unparsed(const struct model *m, const char *type)
{
	return strcmp(type, "sample") == 0 && !observed_needs_fields(&m->seen);
}

int model_take_line(struct model *m, const char *line, size_t len, struct errbuf *e)
{
	return take_sample(m, line, len, NULL, e);
}

int model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->step = m->last_step = m->guest_exit = m->sched.step = m->stop_ns = m->done_ns = -1;
	m->seen.workload_ns = m->seen.held_ns = -1;
	limits_init(&m->limits, LIMIT_OFF);
	m->away.how = AWAY_HOWS;
	m->index = json_object_new_object();
	m->conservation = calloc(1, sizeof(*m->conservation));
	m->waits = calloc(1, sizeof(*m->waits));
	m->callbacks = calloc(1, sizeof(*m->callbacks));
	return m->index && m->conservation && m->waits && m->callbacks ? 0 : -ENOMEM;
}

static void free_arrays(struct model *m)
{
	uint32_t i;

	for (i = 0; i < m->nworkers; i++) {
		free(m->workers[i].outside);
		free(m->workers[i].gaps.o);
		free(m->workers[i].late.o);
		free(m->workers[i].timer_late.o);
		free(m->workers[i].failure);
	}
	for (i = 0; i < m->nplaces; i++)
		free(m->places[i].mems);
	for (i = 0; i < m->ngroups; i++) {
		free(m->groups[i].work);
		free(m->groups[i].cpuset);
		free(m->groups[i].pages);
		free(m->groups[i].own);
	}
	for (i = 0; i < m->ncgroups; i++)
		free(m->cgroups[i].name);
	for (i = 0; i < m->npayloads; i++) {
		free(m->payloads[i].name);
		json_object_put(m->payloads[i].checks);
	}
	for (i = 0; i < m->nruns; i++) {
		free(m->runs[i].exit);
		free(m->runs[i].said);
		free(m->runs[i].values);
	}
}

void model_free(struct model *m)
{
	free_arrays(m);
	observed_free(&m->seen);
	host_free(&m->host);
	conservation_free(m->conservation);
	free(m->waits);
	free(m->callbacks);
	klog_free(&m->klog);
	shape_free(&m->shape);
	terms_free(&m->terms);
	free(m->workers);
	free(m->places);
	free(m->groups);
	free(m->cgroups);
	free(m->ops);
	free(m->payloads);
	free(m->observer.use);
	free(m->runs);
	free(m->windows);
	free(m->masks);
	json_object_put(m->plan);
	json_object_put(m->index);
	json_object_put(m->expect.contains);
	json_object_put(m->expect.matches);
	free(m->test);
	free(m->scheduler);
	free(m->sched.name);
	free(m->sched.reason);
	free(m->sched.exit);
	free(m->vm_cause);
	free(m->vm_detail);
	free(m->vm_panic);
	free(m->guest_error);
	free(m->op_error);
	free(m->worker_died);
}
