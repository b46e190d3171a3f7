// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who competes in a step: the plan is gone through as the guest does it, up to the hold, and
 * the workers that reported are put into the cgroups that there are then.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "contest.h"
#include "model/group.h"
#include "record.h"
#include "units.h"

#define WEIGHT_USUAL 100.0
#define NICE_0       1024.0
#define NAME_LEN     400
#define STEPS_MAX    256 /* that are gone through: each goes through those before it */

static void unjudged(struct contest *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void unjudged(struct contest *c, const char *fmt, ...)
{
	va_list ap;

	if (c->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
}

/* ---- cgroups ------------------------------------------------------------------ */

static int32_t home_find(const struct contest *c, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < c->nhomes; i++)
		if (strlen(c->homes[i].name) == len && strncmp(c->homes[i].name, name, len) == 0)
			return (int32_t)i;
	return -1;
}

/* A cgroup, and those around it, as they are when nothing is set. */
static int32_t home_get(struct contest *c, const char *name, size_t len)
{
	const char *slash = len <= NAME_LEN ? memrchr(name, '/', len) : NULL;
	int32_t i = home_find(c, name, len), parent = -1;

	if (i >= 0 || !len || len > NAME_LEN)
		return i;
	if (slash && slash > name)
		parent = home_get(c, name, (size_t)(slash - name));
	if (c->nhomes == CONTEST_HOMES) {
		unjudged(c, "there are more than %d cgroups", CONTEST_HOMES);
		return -1;
	}
	i = (int32_t)c->nhomes;
	c->homes[i] = (struct home){ .parent = parent, .weight = NICE_0 };
	c->homes[i].name = strndup(name, len);
	if (!c->homes[i].name)
		return -1;
	c->nhomes++;
	return i;
}

static void set_weight(struct home *h, double weight)
{
	if (weight >= 1 && weight <= 10000)
		h->weight = weight / WEIGHT_USUAL * NICE_0;
}

/* cpu.max: "max 100000" or "50000 100000", in microseconds. */
static void set_max(struct home *h, const char *text)
{
	unsigned long long quota, period = 100000;

	h->quota = h->period = 0;
	if (!text || sscanf(text, "%llu %llu", &quota, &period) < 1 || !quota || !period ||
	    quota > UINT32_MAX || period > UINT32_MAX)
		return;
	h->quota = quota * NSEC_PER_USEC;
	h->period = period * NSEC_PER_USEC;
}

/* Which worker group of the plan it was: the records of workers name cgroup and number. */
static void know(struct contest *c, const char *cgroup, size_t number, struct json_object *group)
{
	struct json_object *other;
	char key[512];

	if (snprintf(key, sizeof(key), "%zu %s", number, cgroup) >= (int)sizeof(key))
		return;
	if (json_object_object_get_ex(c->known, key, &other) && !json_object_equal(other, group))
		unjudged(c, "different workers of %s report under one number", cgroup);
	json_object_object_add(c->known, key, json_object_get(group));
}

static void people(struct contest *c, struct json_object *cgroup, const char *name)
{
	struct json_object *groups = rec_get_arr(cgroup, "groups");
	size_t i, n = groups ? json_object_array_length(groups) : 0;

	if (rec_get_str(cgroup, "payload", NULL))
		unjudged(c, "no record tells what CPU time payload %s took beside it",
			 rec_get_str(cgroup, "payload", ""));
	if (!groups)
		know(c, name, 0, cgroup);
	for (i = 0; i < n; i++)
		know(c, name, i, json_object_array_get_idx(groups, i));
}

/* A cgroup of the plan is made; one of an earlier step with this name is gone. */
static void make_home(struct contest *c, struct json_object *o)
{
	const char *name = rec_get_str(o, "name", ""), *v;
	struct json_object *files = rec_get_obj(o, "files");
	int32_t i = home_get(c, name, strlen(name));

	if (i < 0)
		return;
	c->homes[i].weight = NICE_0;
	c->homes[i].quota = 0;
	c->homes[i].masked = rec_get_str(o, "cpus", NULL);
	v = rec_get_str(files, "cpu.weight", NULL);
	if (v)
		set_weight(&c->homes[i], strtod(v, NULL));
	set_max(&c->homes[i], rec_get_str(files, "cpu.max", NULL));
	people(c, o, name);
}

static void make_homes(struct contest *c, struct json_object *list)
{
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		make_home(c, json_object_array_get_idx(list, i));
}

/* ---- ops ----------------------------------------------------------------------- */

/*
 * What an op leaves of the right to CPU time. Those that are not here may change anything
 * from then on, as far as this file knows.
 */
enum effect { EFFECT_NONE, EFFECT_APPLIED, EFFECT_STEP, EFFECT_LASTING };

static const struct {
	const char *op;
	enum effect effect;
} effects[] = {
	{ "snapshot", EFFECT_NONE },       { "watch", EFFECT_NONE },
	{ "read", EFFECT_NONE },           { "capture_procs", EFFECT_NONE },
	{ "remove_cgroup", EFFECT_NONE },  { "add_cgroup", EFFECT_APPLIED },
	{ "spawn", EFFECT_APPLIED },       { "set_cpu_weight", EFFECT_APPLIED },
	{ "set_cpu_max", EFFECT_APPLIED }, { "set_cpuset", EFFECT_STEP },
	{ "clear_cpuset", EFFECT_STEP },   { "swap_cpusets", EFFECT_STEP },
	{ "set_affinity", EFFECT_STEP },   { "stop_cgroup", EFFECT_STEP },
	{ "move_tasks", EFFECT_APPLIED },  { "signal", EFFECT_STEP },
};

static enum effect effect_of(const char *op)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(effects); i++)
		if (strcmp(effects[i].op, op) == 0)
			return effects[i].effect;
	return EFFECT_LASTING;
}

/* Has it, or one around it, CPUs of its own? */
static bool is_masked(const struct contest *c, const char *cgroup)
{
	int32_t i = home_find(c, cgroup, strlen(cgroup));
	bool masked = i < 0;

	for (; i >= 0; i = c->homes[i].parent)
		masked |= c->homes[i].masked;
	return masked;
}

/* Those who are in `from` now are in `to` from now on. */
static void move(struct contest *c, const char *from, const char *to)
{
	const char *in;

	if (is_masked(c, from) || is_masked(c, to))
		unjudged(c, "tasks of %.60s are moved to %.60s, where they may run elsewhere", from,
			 to);
	rec_each (c->known, key, group) {
		(void)group;
		in = rec_get_str(c->moved, key, strchr(key, ' ') + 1);
		if (strcmp(in, from) == 0)
			json_object_object_add(c->moved, key, json_object_new_string(to));
	}
}

static void apply(struct contest *c, struct json_object *o, const char *op)
{
	const char *cgroup = rec_get_str(o, "cgroup", NULL);
	int32_t i;

	if (strcmp(op, "add_cgroup") == 0) {
		make_home(c, rec_get_obj(o, "cgroup"));
		return;
	}
	if (strcmp(op, "spawn") == 0) {
		know(c, cgroup ? cgroup : MODEL_ROOT, 0, rec_get_obj(o, "group"));
		return;
	}
	if (strcmp(op, "move_tasks") == 0) {
		move(c, rec_get_str(o, "from", ""), rec_get_str(o, "to", ""));
		return;
	}
	i = cgroup ? home_get(c, cgroup, strlen(cgroup)) : -1;
	if (i < 0)
		return;
	if (strcmp(op, "set_cpu_weight") == 0)
		set_weight(&c->homes[i], rec_get_dbl(o, "weight", 0));
	else
		set_max(&c->homes[i], rec_get_str(o, "value", NULL));
}

/* It stays so for the steps that follow, whatever becomes of this one. */
static void note_mask(struct contest *c, const char *cgroup, const char *op)
{
	int32_t i = cgroup ? home_find(c, cgroup, strlen(cgroup)) : -1;

	if (i >= 0 && strcmp(op, "set_cpuset") == 0)
		c->homes[i].masked = true;
}

/* The ops of the backdrop (before the first step) or of step `at`. */
static void do_ops(struct contest *c, struct json_object *owner, int64_t at)
{
	bool again = rec_get_int(owner, "every_ns", 0) > 0, now = at == c->step;
	struct json_object *ops = rec_get_arr(owner, "ops"), *o;
	size_t i, n = ops ? json_object_array_length(ops) : 0;
	enum effect effect;
	const char *op;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(ops, i);
		op = rec_get_str(o, "op", "?");
		effect = effect_of(op);
		note_mask(c, rec_get_str(o, "cgroup", NULL), op);
		if (effect == EFFECT_APPLIED && (!again || !now))
			apply(c, o, op);
		else if (effect == EFFECT_LASTING || (effect != EFFECT_NONE && now))
			unjudged(c, "op %s of %s%lld changes who may run where or how much", op,
				 at == MODEL_BACKDROP ? "the backdrop, " : "step ", (long long)at);
	}
}

static void replay(struct contest *c, struct json_object *plan)
{
	struct json_object *backdrop = rec_get_obj(plan, "backdrop"), *step;
	struct json_object *steps = rec_get_arr(plan, "steps"), *beside;
	int64_t i, n = steps ? (int64_t)json_object_array_length(steps) : 0;

	beside = rec_get_arr(plan, "workloads");
	if (rec_get_str(plan, "payload", NULL) || (beside && json_object_array_length(beside)))
		unjudged(c, "no record tells what CPU time the payloads took beside it");
	beside = rec_get_arr(backdrop, "payloads");
	if (beside && json_object_array_length(beside))
		unjudged(c, "no record tells what CPU time the payloads took beside it");
	make_homes(c, rec_get_arr(backdrop, "cgroups"));
	do_ops(c, backdrop, MODEL_BACKDROP);
	if (c->step >= STEPS_MAX)
		unjudged(c, "only the first %d steps are judged", STEPS_MAX);
	for (i = 0; i <= c->step && i < n && i < STEPS_MAX; i++) {
		step = json_object_array_get_idx(steps, (size_t)i);
		do_ops(c, step, i);
		if (i == c->step)
			make_homes(c, rec_get_arr(step, "cgroups"));
	}
}

/* ---- workers ------------------------------------------------------------------- */

static const struct {
	const char *work;
	enum act act;
} acts[] = {
	{ "SpinWait", ACT_SPINS },
	{ "SmtSiblingSpin", ACT_SPINS },
	{ "AluHot", ACT_SPINS },
	{ "IpcVariance", ACT_SPINS },
	{ "CachePressure", ACT_SPINS },
	{ "YieldHeavy", ACT_YIELDS },
	{ "Mixed", ACT_YIELDS },
	{ "CacheYield", ACT_YIELDS },
	{ "PreemptStorm", ACT_REALTIME },
	{ "RtStarvation", ACT_REALTIME },
	{ "PolicyChurn", ACT_REALTIME },
	{ "PriorityInversion", ACT_REALTIME },
	{ "NiceSweep", ACT_CROWD },
	{ "ForkExit", ACT_CROWD },
	{ "Custom", ACT_CROWD },
	{ "Schbench", ACT_CROWD },
	{ "Taobench", ACT_CROWD },
	{ "CgroupChurn", ACT_MOVES },
	{ "CgroupAttachStorm", ACT_MOVES },
};

/* A Sequence spins, or also yields, or also sleeps. */
static enum act act_of_phases(struct json_object *work)
{
	struct json_object *phases = rec_get_arr(work, "phases");
	size_t i, n = phases ? json_object_array_length(phases) : 0;
	enum act act = n ? ACT_SPINS : ACT_SLEEPS;
	const char *kind;

	for (i = 0; i < n; i++) {
		kind = rec_get_str(json_object_array_get_idx(phases, i), "kind", "");
		if (strcmp(kind, "yield") == 0 && act == ACT_SPINS)
			act = ACT_YIELDS;
		else if (strcmp(kind, "spin") != 0 && strcmp(kind, "alu") != 0 &&
			 strcmp(kind, "yield") != 0)
			act = ACT_SLEEPS;
	}
	return act;
}

static enum act act_of(struct json_object *work)
{
	const char *type = rec_get_str(work, "type", "");
	size_t i;

	if (strcmp(type, "Sequence") == 0)
		return act_of_phases(work);
	for (i = 0; i < ARRAY_SIZE(acts); i++)
		if (strcmp(acts[i].work, type) == 0)
			return acts[i].act;
	return ACT_SLEEPS;
}

/* The kernel's table of weights is this within 1 %. */
static double weight_of(int64_t nice)
{
	return NICE_0 * pow(1.25, (double)-nice);
}

/* What the plan says of the workers of one group. */
static struct contender profile(struct contest *c, const struct model *m, uint32_t group)
{
	const struct group *g = &m->groups[group];
	const char *cgroup = m->cgroups[m->places[g->place].cgroup].name, *policy;
	struct contender p = { .group = group, .home = -1, .act = ACT_CROWD };
	struct json_object *plan;
	char key[512];

	snprintf(key, sizeof(key), "%u %s", g->number, cgroup);
	cgroup = rec_get_str(c->moved, key, cgroup);
	if (strcmp(cgroup, MODEL_ROOT) != 0)
		p.home = home_get(c, cgroup, strlen(cgroup));
	if (!json_object_object_get_ex(c->known, key, &plan))
		return p;
	policy = rec_get_str(rec_get_obj(plan, "policy"), "kind", "normal");
	p.fair = strcmp(policy, "normal") == 0 || strcmp(policy, "batch") == 0 ||
		 strcmp(policy, "ext") == 0;
	p.nice = rec_get_int(plan, "nice", 0);
	p.nice = p.nice < -20 || p.nice > 19 ? 0 : p.nice;
	p.weight = weight_of(p.nice);
	p.act = act_of(rec_get_obj(plan, "work"));
	if (strcmp(policy, "idle") == 0)
		p.weight = NICE_0 / 100;
	else if (!p.fair)
		p.act = ACT_REALTIME;
	return p;
}

static void join(struct contest *c, struct contender *p, bool lasting)
{
	struct errbuf e;
	struct home *h;
	int32_t i;

	if (c->n >= CONTEST_WORKERS) {
		unjudged(c, "there are more than %u workers", CONTEST_WORKERS);
		return;
	}
	if (group_room(&c->c, c->n, &c->cap, sizeof(*p), &e)) {
		unjudged(c, "there is not enough memory");
		return;
	}
	c->c[c->n++] = *p;
	if (p->act == ACT_MOVES)
		unjudged(c, "some of its work moves tasks between cgroups");
	if (p->home >= 0) {
		c->homes[p->home].tasks += p->weight;
		c->homes[p->home].heads += NICE_0;
	}
	for (i = p->home; i >= 0; i = c->homes[i].parent) {
		h = &c->homes[i];
		if (!h->workers++ && h->parent >= 0) {
			c->homes[h->parent].tasks += h->weight;
			c->homes[h->parent].heads += h->weight;
		}
		h->used_ns = arith_add(h->used_ns, p->w->cpu_ns);
		h->span_ns = p->w->wall_ns > h->span_ns ? p->w->wall_ns : h->span_ns;
		h->lasting |= lasting;
	}
	if (p->act == ACT_CROWD && p->home >= 0)
		c->homes[p->home].crowd = true;
	else if (p->act == ACT_CROWD)
		c->root_crowd = true;
}

static void join_all(struct contest *c, const struct model *m)
{
	struct contender p;
	int64_t step;
	uint32_t i, w;

	for (i = 0; i < m->ngroups; i++) {
		step = m->places[m->groups[i].place].step;
		if (m->groups[i].first == MODEL_NONE || (step != c->step && step != MODEL_BACKDROP))
			continue;
		p = profile(c, m, i);
		for (w = m->groups[i].first; w != MODEL_NONE; w = m->workers[w].next) {
			p.w = &m->workers[w];
			join(c, &p, step != c->step);
		}
	}
}

bool contest_next(const struct model *m, int64_t *step)
{
	int64_t of, next = INT64_MAX;
	uint32_t i;

	for (i = 0; i < m->ngroups; i++) {
		of = m->places[m->groups[i].place].step;
		if (m->groups[i].first != MODEL_NONE && of != MODEL_BACKDROP && of > *step &&
		    of < next)
			next = of;
	}
	*step = next;
	return next != INT64_MAX;
}

struct contest *contest_of(const struct model *m, int64_t step)
{
	struct contest *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->step = step;
	c->known = json_object_new_object();
	c->moved = json_object_new_object();
	if (!c->known || !c->moved) {
		contest_free(c);
		return NULL;
	}
	replay(c, m->plan);
	join_all(c, m);
	return c;
}

void contest_free(struct contest *c)
{
	uint32_t i;

	if (!c)
		return;
	for (i = 0; i < c->nhomes; i++)
		free(c->homes[i].name);
	json_object_put(c->known);
	json_object_put(c->moved);
	free(c->c);
	free(c);
}

const struct home *contest_quota(const struct contest *c, int32_t home)
{
	const struct home *tightest = NULL, *h;

	for (; home >= 0; home = c->homes[home].parent) {
		h = &c->homes[home];
		if (h->quota &&
		    (!tightest || (double)h->quota / (double)h->period <
					  (double)tightest->quota / (double)tightest->period))
			tightest = h;
	}
	return tightest;
}
