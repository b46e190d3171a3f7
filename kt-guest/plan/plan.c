// SPDX-License-Identifier: GPL-2.0-only
/* Resolves a test file: checks every key, merges the layers, and makes the `test` record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "expect.h"
#include "observation.h"
#include "plan.h"
#include "plan/common/context.h"
#include "plan/common/find.h"
#include "plan/common/kernel.h"
#include "plan/common/limits.h"
#include "plan/common/lives.h"
#include "plan/common/names.h"
#include "plan/common/relations.h"
#include "plan/program/constraints.h"
#include "plan/program/kargs.h"
#include "plan/program/payload.h"
#include "plan/program/program.h"
#include "plan/program/refs.h"
#include "plan/program/sched.h"
#include "plan/program/sched_read.h"
#include "record.h"
#include "steps.h"
#include "suggest.h"
#include "units.h"

#define TOPOLOGY_DEFAULT "1n1l2c1t"
#define DURATION_DEFAULT (12 * NSEC_PER_SEC)
#define WATCHDOG_DEFAULT (5 * NSEC_PER_SEC)
#define WATCHDOG_MAX     (30 * NSEC_PER_SEC) /* the kernel's own limit */
#define MEMORY_DEFAULT   2048                /* MiB */
#define MEMORY_MIN       64
#define MEMORY_MAX       (1 << 20)

static const char *const keys[] = {
	"description",
	"scheduler",
	"config",
	"sched_args",
	"topology",
	"duration",
	"watchdog_timeout",
	"memory_mib",
	"kargs",
	"sysctls",
	"constraints",
	"files",
	"payloads",
	"payload",
	"workloads",
	"assert",
	"backdrop",
	"cgroups",
	"steps",
	"allow_inconclusive",
	"expect_error",
	"num_snapshots",
	"watch_fields",
	"temporal",
	"flight_recorder",
	"$schema",
	NULL,
};

/* What is resolved, in the order of the record. */
struct plan {
	const char *description; /* the file's, or NULL */
	struct plan_ctx ctx;
	int64_t memory_mib;
	uint64_t watchdog_ns;
	struct plan_sched sched;
	struct limits limits;
	bool allow_inconclusive;
	struct json_object *sysctls, *expect, *constraints, *workloads, *backdrop, *steps;
	struct json_object *observe; /* members of the record */
	const char *payload;         /* the primary one, or NULL */
};

static int bad_topology(const struct node *n, const char *spec, const struct errbuf *why,
			struct errbuf *e)
{
	struct suggest s = { .word = spec };
	const struct topo_preset *p;

	for (p = topo_presets; p->name; p++)
		suggest_try(&s, p->name);
	if (s.best)
		return node_fail(n, e, "unknown topology \"%.40s\" (did you mean \"%s\"?)", spec,
				 s.best);
	return node_fail(n, e, "%.300s", why->text);
}

/* The topology of the last layer that names one; a preset brings its memory. */
static int resolve_topology(const struct node *test, const struct plan_opts *o, struct plan *p,
			    struct errbuf *e)
{
	const struct topo_preset *preset;
	const char *spec = TOPOLOGY_DEFAULT;
	struct errbuf why;
	struct node n;
	int rc = KT_OK;

	if (p->sched.topology[0])
		spec = p->sched.topology;
	if (node_get(test, "topology", &n)) {
		rc = node_string(&n, "a topology such as \"1n2l2c1t\", or a preset", &spec, e);
		if (!rc && topo_parse(spec, &p->ctx.topo, &preset, &why))
			rc = bad_topology(&n, spec, &why, e);
	}
	if (rc)
		return rc;
	if (o->topology)
		spec = o->topology;
	if (topo_parse(spec, &p->ctx.topo, &preset, e))
		return KT_DATA;
	topo_format(&p->ctx.topo, p->ctx.spec);
	p->memory_mib = preset ? preset->memory_mib : MEMORY_DEFAULT;
	return KT_OK;
}

static int resolve_sched(const struct node *test, const struct plan_opts *o, struct plan *p,
			 struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	if (o->scheduler)
		rc = plan_sched_resolve(NULL, o->scheduler, &p->sched, e);
	else if (node_get(test, "scheduler", &n))
		rc = plan_sched_resolve(&n, NULL, &p->sched, e);
	return rc ? rc : plan_sched_test(test, &p->sched, o->scheduler != NULL, e);
}

static int resolve_limits(const struct node *test, const struct plan_opts *o, struct plan *p,
			  struct errbuf *e)
{
	struct limits of_test = { 0 };
	struct node n;
	int rc = KT_OK;

	if (node_get(test, "assert", &n))
		rc = limits_read(&n, LIMITS_OF_TEST, &of_test, e);
	limits_merge(&p->limits, &p->sched.limits);
	limits_merge(&p->limits, &of_test);
	limits_merge(&p->limits, &o->limits);
	limits_complete(&p->limits, NULL);
	limits_free(&of_test);
	p->ctx.limits = &p->limits;
	return rc;
}

/* What can only be said of limits when all cgroups and holds are known. */
static int check_limits(const struct node *test, const struct plan_opts *o, struct plan *p,
			struct errbuf *e)
{
	struct plan_life life = p->ctx.backdrop_workers ? p->ctx.lives.all : p->ctx.lives.step;
	struct node n;
	bool given = node_get(test, "assert", &n);
	int rc = plan_lives_check(&p->ctx, &p->limits, given ? &n : NULL, &o->limits, life, e);

	return rc || !given ? rc : relations_check(&n, p->ctx.names.known, e);
}

static int resolve_numbers(const struct node *test, const struct plan_opts *o, struct plan *p,
			   struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	p->ctx.duration_ns = DURATION_DEFAULT;
	p->watchdog_ns = WATCHDOG_DEFAULT;
	if (node_get(test, "description", &n))
		rc = node_string(&n, "a string", &p->description, e);
	if (!rc && node_get(test, "duration", &n))
		rc = node_duration(&n, 1, NODE_DURATION_MAX, &p->ctx.duration_ns, e);
	if (!rc && node_get(test, "watchdog_timeout", &n))
		rc = node_duration(&n, NSEC_PER_MSEC, WATCHDOG_MAX, &p->watchdog_ns, e);
	if (!rc && node_get(test, "memory_mib", &n))
		rc = node_whole(&n, MEMORY_MIN, MEMORY_MAX, "a whole number of MiB", &p->memory_mib,
				e);
	p->ctx.file_duration_ns = p->ctx.duration_ns;
	if (o->duration_ns)
		p->ctx.duration_ns = o->duration_ns;
	plan_lives(test, &p->ctx);
	return rc;
}

/* What the kernel is told, and what the verdict is to be. */
static int resolve_rest(const struct node *test, struct plan *p, struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	p->sysctls = json_object_new_object();
	if (node_get(test, "kargs", &n))
		rc = plan_kargs(&n, p->ctx.kargs, e);
	if (!rc && node_get(test, "sysctls", &n))
		rc = plan_sysctls(&n, p->sysctls, e);
	if (!rc && node_get(test, "allow_inconclusive", &n))
		rc = node_bool(&n, &p->allow_inconclusive, e);
	if (!rc && node_get(test, "expect_error", &n))
		rc = plan_expect(&n, &p->expect, e);
	return rc;
}

static int resolve_constraints(const struct node *test, struct plan *p, struct errbuf *e)
{
	struct json_object *own = NULL;
	struct node n;
	int rc = KT_OK;

	if (node_get(test, "constraints", &n))
		rc = plan_constraints(&n, &own, e);
	if (!rc)
		p->constraints = plan_constraints_merge(p->sched.constraints, own);
	json_object_put(own);
	return rc;
}

/* The primary payload and those beside it start when the backdrop is there. */
static int start_payloads(const struct node *test, struct plan *p, struct errbuf *e)
{
	struct node n, item;
	size_t i;
	int rc = KT_OK;

	if (p->payload) {
		node_get(test, "payload", &n);
		rc = plan_payload_start(&n, &p->ctx, p->payload, NULL, e);
	}
	node_get(test, "workloads", &n);
	for (i = 0; !rc && i < json_object_array_length(p->workloads); i++) {
		item = node_item(&n, i);
		rc = plan_payload_start(
			&item, &p->ctx,
			json_object_get_string(json_object_array_get_idx(p->workloads, i)), NULL,
			e);
	}
	return rc;
}

static int resolve_load(const struct node *test, struct plan *p, struct errbuf *e)
{
	struct node n;
	int rc = KT_OK;

	if (node_get(test, "files", &n))
		rc = plan_files(&n, &p->ctx, e);
	if (!rc)
		rc = plan_payloads(test, &p->ctx, &p->payload, &p->workloads, e);
	p->ctx.attached = p->sched.record;
	if (!rc)
		rc = plan_backdrop(test, &p->ctx, &p->backdrop, e);
	if (!rc)
		rc = start_payloads(test, p, e);
	return rc ? rc : plan_steps(test, &p->ctx, &p->steps, e);
}

/* The file's name without directory and .json. */
static void name_of(const char *path, char *buf, size_t size)
{
	const char *base = strrchr(path, '/');
	size_t len;

	base = base ? base + 1 : path;
	len = strlen(base);
	if (len > 5 && strcmp(base + len - 5, ".json") == 0)
		len -= 5;
	snprintf(buf, size, "%.*s", (int)len, base);
}

static struct json_object *make_record(const char *path, struct plan *p)
{
	struct json_object *o = rec_new("test");
	char file[PATH_MAX], name[256];

	name_of(path, name, sizeof(name));
	rec_str(o, "name", name);
	rec_str(o, "file", realpath(path, file) ? file : path);
	if (p->description)
		rec_str(o, "description", p->description);
	rec_str(o, "topology", p->ctx.spec);
	rec_int(o, "memory_mib", p->memory_mib);
	rec_int(o, "duration_ns", (int64_t)p->ctx.duration_ns);
	rec_int(o, "watchdog_ns", (int64_t)p->watchdog_ns);
	rec_add(o, "kargs", json_object_get(p->ctx.kargs));
	rec_add(o, "sysctls", json_object_get(p->sysctls));
	rec_add(o, "scheduler", json_object_get(p->sched.record));
	rec_add(o, "schedulers", json_object_get(p->ctx.schedulers));
	rec_add(o, "programs", json_object_get(p->ctx.programs));
	rec_add(o, "payloads", json_object_get(p->ctx.payloads));
	rec_str(o, "payload", p->payload);
	rec_add(o, "workloads", json_object_get(p->workloads));
	if (p->constraints)
		rec_add(o, "constraints", json_object_get(p->constraints));
	rec_add(o, "assert", limits_json(&p->limits));
	rec_add(o, "expect", json_object_get(p->expect));
	rec_bool(o, "allow_inconclusive", p->allow_inconclusive);
	rec_add(o, "backdrop", json_object_get(p->backdrop));
	rec_add(o, "steps", json_object_get(p->steps));
	json_object_object_foreach (p->observe, key, v)
		rec_add(o, key, json_object_get(v));
	plan_work_kargs(o, p->ctx.kargs);
	return o;
}

static void prepare(struct plan *p)
{
	p->ctx.sched = &p->sched;
	p->ctx.schedulers = json_object_new_array();
	p->ctx.programs = json_object_new_array();
	p->ctx.payloads = json_object_new_array();
	p->ctx.kargs = json_object_new_array();
	p->observe = json_object_new_object();
	names_init(&p->ctx.names);
}

static void release(struct plan *p)
{
	plan_sched_free(&p->sched);
	limits_free(&p->limits);
	json_object_put(p->ctx.schedulers);
	json_object_put(p->ctx.programs);
	json_object_put(p->ctx.payloads);
	json_object_put(p->ctx.kargs);
	json_object_put(p->sysctls);
	json_object_put(p->expect);
	json_object_put(p->constraints);
	json_object_put(p->workloads);
	json_object_put(p->backdrop);
	json_object_put(p->steps);
	json_object_put(p->observe);
	names_free(&p->ctx.names);
}

int plan_resolve_file(const struct plan_opts *o, const struct jsonfile *f,
		      struct json_object **record, struct errbuf *e)
{
	struct plan p = { 0 };
	struct node test = node_root(f);
	int rc = node_keys(&test, keys, "the test", e);

	prepare(&p);
	p.ctx.notes = o->notes;
	if (!rc)
		rc = resolve_sched(&test, o, &p, e);
	if (!rc)
		rc = resolve_topology(&test, o, &p, e);
	if (!rc)
		rc = resolve_numbers(&test, o, &p, e);
	if (!rc)
		rc = resolve_limits(&test, o, &p, e);
	if (!rc)
		rc = resolve_rest(&test, &p, e);
	if (!rc)
		rc = resolve_constraints(&test, &p, e);
	if (!rc)
		rc = resolve_load(&test, &p, e);
	if (!rc)
		rc = check_limits(&test, o, &p, e);
	if (!rc)
		rc = plan_observe(&test, p.steps, p.observe, e);
	if (!rc)
		*record = make_record(f->label, &p);
	release(&p);
	return rc;
}

int plan_resolve(const struct plan_opts *o, struct json_object **record, struct errbuf *e)
{
	char path[PATH_MAX];
	struct jsonfile f;
	int rc = plan_find_test(o->test, path, e);

	if (rc)
		return rc;
	rc = jsonfile_read(&f, path, e);
	if (!rc)
		rc = plan_resolve_file(o, &f, record, e);
	jsonfile_free(&f);
	return rc;
}
