// SPDX-License-Identifier: GPL-2.0-only
/* Reads from the plan the quotas, weights and ops that bound what a task can expect. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "record.h"
#include "terms.h"
#include "units.h"

#define WEIGHT_0    1024 /* of nice 0 */
#define NICE_STEP   1.25 /* from one nice to the next */
#define CG_WEIGHT   100  /* cpu.weight that the kernel gives */
#define PERIOD_USEC 100000

static struct term *term_of(struct terms *t, const char *path)
{
	uint32_t i, cap = t->cap ? 2 * t->cap : 16;
	struct term *grown;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->t[i].path, path) == 0)
			return &t->t[i];
	if (t->n == TERMS_CGROUPS)
		return &t->t[0];
	if (t->n == t->cap) {
		grown = realloc(t->t, cap * sizeof(*grown));
		if (!grown)
			return NULL;
		t->t = grown;
		t->cap = cap;
	}
	t->t[t->n] = (struct term){ .path = strdup(path), .weight = CG_WEIGHT };
	return t->t[t->n].path ? &t->t[t->n++] : NULL;
}

/* "50000 100000" or "max": the smallest quota that it ever has counts. */
static void take_max(struct term *c, const char *text)
{
	double quota, period = PERIOD_USEC;

	if (!text || sscanf(text, "%lf %lf", &quota, &period) < 1 || quota <= 0 || period <= 0)
		return;
	if (c->quota == 0 || quota / period < c->quota) {
		c->quota = quota / period;
		c->period = period * NSEC_PER_USEC;
	}
}

static void take_weight(struct terms *t, struct term *c, double weight)
{
	if (!(weight > 0))
		return;
	c->weight = fmin(c->weight, weight);
	t->heaviest_cg = fmax(t->heaviest_cg, weight);
}

static void take_group(struct terms *t, struct json_object *o)
{
	double nice = (double)rec_get_int(o, "nice", 0);

	t->heaviest = fmax(t->heaviest, WEIGHT_0 * pow(NICE_STEP, -nice));
}

static int take_cgroup(struct terms *t, struct json_object *o)
{
	struct json_object *files = rec_get_obj(o, "files"), *groups = rec_get_arr(o, "groups");
	size_t i, n = groups ? json_object_array_length(groups) : 0;
	struct term *c = term_of(t, rec_get_str(o, "name", ""));

	if (!c)
		return -ENOMEM;
	take_max(c, rec_get_str(files, "cpu.max", NULL));
	take_weight(t, c, atof(rec_get_str(files, "cpu.weight", "0")));
	for (i = 0; i < n; i++)
		take_group(t, json_object_array_get_idx(groups, i));
	return 0;
}

static int take_op(struct terms *t, struct json_object *o)
{
	const char *op = rec_get_str(o, "op", ""), *name = rec_get_str(o, "cgroup", NULL);
	struct json_object *made = rec_get_obj(o, "cgroup");
	struct term *c;

	t->moves_scheduler |= strstr(op, "_scheduler") != NULL;
	take_group(t, rec_get_obj(o, "group"));
	if (made)
		return take_cgroup(t, made);
	if (strcmp(op, "set_cpu_max") != 0 && strcmp(op, "set_cpu_weight") != 0)
		return 0;
	c = name ? term_of(t, name) : NULL;
	if (!c)
		return name ? -ENOMEM : 0;
	if (strcmp(op, "set_cpu_max") == 0)
		take_max(c, rec_get_str(o, "value", NULL));
	else
		take_weight(t, c, (double)rec_get_int(o, "weight", 0));
	return 0;
}

/* The cgroups and ops of the backdrop or of a step. */
static int take_part(struct terms *t, struct json_object *part)
{
	struct json_object *cgroups = rec_get_arr(part, "cgroups"), *ops = rec_get_arr(part, "ops");
	size_t i, n = cgroups ? json_object_array_length(cgroups) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = take_cgroup(t, json_object_array_get_idx(cgroups, i));
	n = ops ? json_object_array_length(ops) : 0;
	for (i = 0; i < n && !rc; i++)
		rc = take_op(t, json_object_array_get_idx(ops, i));
	return rc;
}

int terms_plan(struct terms *t, struct json_object *test)
{
	struct json_object *steps = rec_get_arr(test, "steps");
	size_t i, n = steps ? json_object_array_length(steps) : 0;
	int rc = take_part(t, rec_get_obj(test, "backdrop"));

	t->heaviest_cg = fmax(t->heaviest_cg, CG_WEIGHT);
	for (i = 0; i < n && !rc; i++)
		rc = take_part(t, json_object_array_get_idx(steps, i));
	return rc;
}

void terms_free(struct terms *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		free(t->t[i].path);
	free(t->t);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_within(const char *path, const char *parent)
{
	size_t n = strlen(parent);

	return strncmp(path, parent, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

const struct term *terms_quota(const struct model *m, const char *cgroup)
{
	const struct terms *t = &m->terms;
	const struct term *worst = NULL;
	uint32_t i, k;

	for (i = 0; i < t->n; i++) {
		if (strcmp(last_part(t->t[i].path), cgroup) != 0)
			continue;
		for (k = 0; k < t->n; k++)
			if (t->t[k].quota > 0 && is_within(t->t[i].path, t->t[k].path) &&
			    (!worst || t->t[k].quota < worst->quota))
				worst = &t->t[k];
	}
	return worst;
}

double terms_heavier(const struct model *m, uint64_t weight, const char *cgroup)
{
	const struct terms *t = &m->terms;
	double own = CG_WEIGHT, task;
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(last_part(t->t[i].path), cgroup) == 0)
			own = fmin(own, t->t[i].weight);
	task = fmax(t->heaviest, WEIGHT_0) / (weight ? (double)weight : WEIGHT_0);
	return fmax(task, 1) * fmax(t->heaviest_cg / own, 1);
}
