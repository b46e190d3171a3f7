// SPDX-License-Identifier: GPL-2.0-only
/* The plan's temporal checks and live fields, and the values for them from the stream. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "observed.h"
#include "record.h"
#include "snappath.h"
#include "temporal.h"
#include "units.h"

const char *const temporal_patterns[PATTERN_COUNT] = {
	[PATTERN_NONDECREASING] = "nondecreasing",
	[PATTERN_STRICTLY_INCREASING] = "strictly_increasing",
	[PATTERN_RATE_WITHIN] = "rate_within",
	[PATTERN_STEADY_WITHIN] = "steady_within",
	[PATTERN_CONVERGES_TO] = "converges_to",
	[PATTERN_ALWAYS_TRUE] = "always_true",
	[PATTERN_RATIO_WITHIN] = "ratio_within",
	[PATTERN_EACH] = "each",
	[PATTERN_RATIO_ACROSS_STEPS] = "ratio_across_steps",
};

static const char *const reducers[REDUCE_COUNT] = {
	[REDUCE_DELTA] = "delta",
	[REDUCE_FIRST] = "first",
	[REDUCE_LAST] = "last",
	[REDUCE_MEAN] = "mean",
};

static const char *const cpu_reducers[CPUS_COUNT] = {
	[CPUS_SUM] = "sum",
	[CPUS_MAX] = "max",
	[CPUS_MIN] = "min",
	[CPUS_MEAN] = "mean",
};

/* Index of a word of a list, or -1. */
static int find(const char *const *words, int n, const char *word)
{
	while (n-- > 0)
		if (strcmp(words[n], word) == 0)
			return n;
	return -1;
}

static double bound(struct json_object *o, const char *key)
{
	return rec_get_dbl(o, key, NAN);
}

static int read_rule(struct json_object *o, struct temporal *t, struct errbuf *e)
{
	int pattern = find(temporal_patterns, PATTERN_COUNT, rec_get_str(o, "pattern", ""));
	int how = find(reducers, REDUCE_COUNT, rec_get_str(o, "value", "delta"));
	int cpus = find(cpu_reducers, CPUS_COUNT, rec_get_str(o, "cpus", "sum"));
	const char *field = rec_get_str(o, "field", NULL), *other = rec_get_str(o, "of", NULL);

	if (!field || pattern < 0 || how < 0 || cpus < 0 ||
	    (pattern == PATTERN_RATIO_WITHIN && !other))
		return errbuf_set(e, -EINVAL,
				  "expected field, pattern and what goes with it in "
				  "each temporal check");
	t->field = strdup(field);
	t->other = other ? strdup(other) : NULL;
	if (!t->field || (other && !t->other))
		return errbuf_set(e, -ENOMEM, "out of memory");
	t->cpus = (enum cpu_reducer)cpus;
	t->s.snapshots = strcmp(rec_get_str(o, "source", ""), "snapshots") == 0;
	t->o.snapshots = t->s.snapshots;
	t->rule = (struct rule){
		.pattern = (enum pattern)pattern,
		.min = bound(o, "min"),
		.max = bound(o, "max"),
		.target = rec_get_dbl(o, "target", 0),
		.tolerance = rec_get_dbl(o, "tolerance", 0),
		.time_ns = rec_get_int(o, "time_ns", 0),
		.from_step = rec_get_int(o, "from_step", 0),
		.to_step = rec_get_int(o, "to_step", 0),
		.reduce = (enum reducer)how,
	};
	return 0;
}

static void forget(struct temporal *t)
{
	free(t->field);
	free(t->other);
	series_free(&t->s);
	series_free(&t->o);
}

static int plan_rules(struct observed *s, struct json_object *list, struct errbuf *e)
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	int rc = 0;

	if (n > OBSERVED_RULES)
		return errbuf_set(e, -EINVAL, "expected at most %d temporal checks",
				  OBSERVED_RULES);
	s->rules = n ? calloc(n, sizeof(*s->rules)) : NULL;
	if (n && !s->rules)
		return errbuf_set(e, -ENOMEM, "out of memory");
	for (i = 0; i < n && !rc; i++) {
		rc = read_rule(json_object_array_get_idx(list, i), &s->rules[i], e);
		if (!rc)
			s->nrules++;
		else
			forget(&s->rules[i]);
	}
	return rc;
}

static int plan_live(struct observed *s, struct json_object *list, struct errbuf *e)
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	const char *name;

	if (n > OBSERVED_FIELDS)
		return errbuf_set(e, -EINVAL, "expected at most %d live fields", OBSERVED_FIELDS);
	s->live = n ? calloc(n, sizeof(*s->live)) : NULL;
	for (i = 0; s->live && i < n; i++) {
		name = json_object_get_string(json_object_array_get_idx(list, i));
		s->live[i].name = strdup(name ? name : "");
		if (!s->live[i].name)
			break;
		s->nlive++;
	}
	return s->nlive == n ? 0 : errbuf_set(e, -ENOMEM, "out of memory");
}

int temporal_plan(struct model *m, struct json_object *test, struct errbuf *e)
{
	int rc = plan_live(&m->seen, rec_get_arr(test, "watch_fields"), e);

	return rc ? rc : plan_rules(&m->seen, rec_get_arr(test, "temporal"), e);
}

void temporal_free(struct observed *s)
{
	uint32_t i;

	for (i = 0; i < s->nlive; i++)
		free(s->live[i].name);
	free(s->live);
	for (i = 0; i < s->nrules; i++)
		forget(&s->rules[i]);
	free(s->rules);
}

/* A number or a truth value, to the last bit; false: it is neither. */
static bool one_number(struct json_object *v, long double *n)
{
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		*n = json_object_get_boolean(v);
		return true;
	case json_type_int:
		*n = json_object_get_int64(v);
		if (*n == (long double)INT64_MAX)
			*n = json_object_get_uint64(v); /* counters of 64 bits may be above */
		return true;
	case json_type_double:
		*n = json_object_get_double(v);
		return isfinite(*n);
	default:
		return false;
	}
}

/* A value, or those of all CPUs in one number; false: one of them is none. */
static bool reduce_cpus(struct json_object *v, enum cpu_reducer how, long double *n)
{
	size_t i, len;
	long double x;

	if (!json_object_is_type(v, json_type_array))
		return one_number(v, n);
	len = json_object_array_length(v);
	for (i = 0; i < len; i++) {
		if (!one_number(json_object_array_get_idx(v, i), &x))
			return false;
		if (i == 0)
			*n = x;
		else if (how == CPUS_MAX)
			*n = fmaxl(*n, x);
		else if (how == CPUS_MIN)
			*n = fminl(*n, x);
		else
			*n += x;
	}
	if (how == CPUS_MEAN && len)
		*n /= (long double)len;
	return len > 0;
}

static int add(struct observed *s, struct series *to, struct json_object *v, enum cpu_reducer how,
	       struct point p)
{
	if (s->points == OBSERVED_POINTS) {
		s->full = true;
		return 0;
	}
	s->points++;
	p.ok = reduce_cpus(v, how, &p.v);
	to->begin_ns = s->workload_ns > 0 ? s->workload_ns : 0;
	return series_add(to, &p);
}

static void take_live(struct live *l, struct json_object *v)
{
	long double sum, most;

	if (!reduce_cpus(v, CPUS_SUM, &sum) || !reduce_cpus(v, CPUS_MAX, &most))
		return;
	l->percpu |= json_object_is_type(v, json_type_array);
	l->first = l->n ? l->first : sum;
	l->min = l->n ? fminl(l->min, sum) : sum;
	l->max = l->n ? fmaxl(l->max, sum) : sum;
	l->cpu_max = l->n ? fmaxl(l->cpu_max, most) : most;
	l->last = sum;
	l->sum += sum;
	l->n++;
}

static struct json_object *field(struct json_object *fields, const char *name)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(fields, name, &v);
	return v;
}

int temporal_sample(struct model *m, struct json_object *fields, int64_t t_ns, struct errbuf *e)
{
	struct observed *s = &m->seen;
	struct point p = { .t_ns = t_ns, .step = m->step, .tag = s->seen };
	struct temporal *t;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < s->nlive; i++)
		take_live(&s->live[i], field(fields, s->live[i].name));
	for (i = 0; i < s->nrules && !rc; i++) {
		t = &s->rules[i];
		if (t->s.snapshots)
			continue;
		rc = add(s, &t->s, field(fields, t->field), t->cpus, p);
		if (!rc && t->other)
			rc = add(s, &t->o, field(fields, t->other), t->cpus, p);
	}
	return rc ? errbuf_set(e, rc, "out of memory") : 0;
}

static int add_of(struct observed *s, struct series *to, struct json_object *snapshot,
		  const char *name, enum cpu_reducer how, struct point p)
{
	struct json_object *v;
	struct errbuf why;
	int rc;

	snappath_get(snapshot, name, &v, &why); /* NULL when it is not there */
	rc = add(s, to, v, how, p);
	json_object_put(v);
	return rc;
}

int take_snapshot(struct model *m, struct json_object *o, struct errbuf *e)
{
	struct observed *s = &m->seen;
	struct point p = { .t_ns = rec_get_int(o, "t_ns", 0), .step = m->step };
	struct temporal *t;
	uint32_t i;
	int rc = 0;

	if (!s->open || strcmp(rec_get_str(o, "reason", ""), "periodic") != 0)
		return 0;
	p.tag = (unsigned int)s->snapshots++;
	for (i = 0; i < s->nrules && !rc; i++) {
		t = &s->rules[i];
		if (!t->s.snapshots)
			continue;
		rc = add_of(s, &t->s, o, t->field, t->cpus, p);
		if (!rc && t->other)
			rc = add_of(s, &t->o, o, t->other, t->cpus, p);
	}
	return rc ? errbuf_set(e, rc, "out of memory") : 0;
}

void temporal_stats(const struct observed *s, struct rec_out *out)
{
	const struct live *l;
	struct json_object *o;

	for (l = s->live; s->nlive && l < s->live + s->nlive; l++) {
		o = rec_new("stats");
		rec_str(o, "field", l->name);
		rec_int(o, "samples", (int64_t)l->n);
		if (l->n) {
			rec_dbl(o, "mean", (double)(l->sum / (long double)l->n));
			rec_dbl(o, "min", (double)l->min);
			rec_dbl(o, "max", (double)l->max);
			rec_dbl(o, "last", (double)l->last);
			rec_dbl(o, "delta", (double)(l->last - l->first));
		}
		if (l->percpu)
			rec_dbl(o, "cpu_max", (double)l->cpu_max);
		rec_put(out, o);
	}
}
