// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "plan_limits.h"
#include "record.h"
#include "suggest.h"

#define GAP_MS     2000.0
#define SPREAD_PCT 15.0

static const struct limit_def {
	const char *key;
	bool flag;
	double min, max;
	const char *want;
} defs[LIMIT_COUNT] = {
	[LIMIT_ISOLATION] = { "isolation", true, 0, 1, "true, false or null" },
	[LIMIT_NOT_STUCK] = { "not_stuck", true, 0, 1, "true, false or null" },
	[LIMIT_MAX_GAP_MS] = { "max_gap_ms", false, 0, 1e9, "a number of milliseconds or null" },
	[LIMIT_MAX_SPREAD_PCT] = { "max_spread_pct", false, 0, 100,
				   "a number from 0 to 100 or null" },
	[LIMIT_MAX_THROUGHPUT_CV] = { "max_throughput_cv", false, 0, 1e9,
				      "a number of 0 or more, or null" },
	[LIMIT_MIN_WORK_RATE] = { "min_work_rate", false, 0, 1e15,
				  "a number of 0 or more, or null" },
	[LIMIT_MIN_ITERATION_RATE] = { "min_iteration_rate", false, 0, 1e15,
				       "a number of 0 or more, or null" },
	[LIMIT_MAX_P99_WAKE_LATENCY_NS] = { "max_p99_wake_latency_ns", false, 0, 1e15,
					    "a number of nanoseconds or null" },
	[LIMIT_MAX_WAKE_LATENCY_CV] = { "max_wake_latency_cv", false, 0, 1e9,
					"a number of 0 or more, or null" },
	[LIMIT_MAX_MIGRATION_RATIO] = { "max_migration_ratio", false, 0, 1e9,
					"a number of 0 or more, or null" },
	[LIMIT_MIN_PAGE_LOCALITY] = { "min_page_locality", false, 0, 1,
				      "a number from 0 to 1 or null" },
	[LIMIT_MAX_CROSS_NODE_MIGRATION_RATIO] = { "max_cross_node_migration_ratio", false, 0, 1e9,
						   "a number of 0 or more, or null" },
	[LIMIT_MAX_SLOW_TIER_RATIO] = { "max_slow_tier_ratio", false, 0, 1,
					"a number from 0 to 1 or null" },
	[LIMIT_CLEANUP_BUDGET_MS] = { "cleanup_budget_ms", false, 1, 1e9,
				      "a number of milliseconds from 1 on, or null" },
	[LIMIT_MONITOR] = { "monitor", true, 0, 1, "true, false or null" },
	[LIMIT_MAX_IMBALANCE_RATIO] = { "max_imbalance_ratio", false, 1, 1e9,
					"a number of 1 or more, or null" },
	[LIMIT_MAX_LOCAL_DSQ_DEPTH] = { "max_local_dsq_depth", false, 0, 1e9,
					"a number of 0 or more, or null" },
	[LIMIT_FAIL_ON_RQ_CLOCK_STUCK] = { "fail_on_rq_clock_stuck", true, 0, 1,
					   "true, false or null" },
	[LIMIT_MAX_FALLBACK_RATE] = { "max_fallback_rate", false, 0, 1e15,
				      "a number of 0 or more, or null" },
	[LIMIT_MAX_KEEP_LAST_RATE] = { "max_keep_last_rate", false, 0, 1e15,
				       "a number of 0 or more, or null" },
	[LIMIT_SUSTAINED_SAMPLES] = { "sustained_samples", false, 1, 1e6,
				      "a number from 1 to 1000000, or null" },
};

/* For look-ups and suggestions; the last is an older name of not_stuck. */
static const char *const keys[] = {
	"isolation",
	"not_stuck",
	"max_gap_ms",
	"max_spread_pct",
	"max_throughput_cv",
	"min_work_rate",
	"min_iteration_rate",
	"max_p99_wake_latency_ns",
	"max_wake_latency_cv",
	"max_migration_ratio",
	"min_page_locality",
	"max_cross_node_migration_ratio",
	"max_slow_tier_ratio",
	"cleanup_budget_ms",
	"monitor",
	"max_imbalance_ratio",
	"max_local_dsq_depth",
	"fail_on_rq_clock_stuck",
	"max_fallback_rate",
	"max_keep_last_rate",
	"sustained_samples",
	"not_starved",
	NULL,
};

static int find(const char *key, size_t len)
{
	int i;

	for (i = 0; keys[i]; i++)
		if (strlen(keys[i]) == len && strncmp(keys[i], key, len) == 0)
			return i < LIMIT_COUNT ? i : LIMIT_NOT_STUCK;
	return -1;
}

static int read_one(const struct node *n, const struct limit_def *d, struct limit_value *v,
		    struct errbuf *e)
{
	bool on;

	if (!n->v) {
		v->state = LIMIT_OFF;
		return KT_OK;
	}
	if (!d->flag) {
		v->state = LIMIT_ON;
		return node_number(n, d->min, d->max, d->want, &v->value, e);
	}
	if (!json_object_is_type(n->v, json_type_boolean))
		return node_expected(n, e, d->want);
	on = json_object_get_boolean(n->v);
	v->state = on ? LIMIT_ON : LIMIT_OFF;
	v->value = on;
	return KT_OK;
}

int limits_read(const struct node *n, struct limits *l, struct errbuf *e)
{
	struct node m;
	int rc = node_keys(n, keys, "\"assert\"", e), i, limit;

	if (!rc && node_get(n, "not_stuck", &m) && node_get(n, "not_starved", &m))
		return node_fail_key(&m, e,
				     "\"not_starved\" is an older name of \"not_stuck\", which "
				     "is there, too");
	for (i = 0; !rc && keys[i]; i++) {
		if (!node_get(n, keys[i], &m))
			continue;
		limit = find(keys[i], strlen(keys[i]));
		rc = read_one(&m, &defs[limit], &l->v[limit], e);
	}
	return rc;
}

/* The text of a value; false when it is none for this limit. */
static bool parse_value(const char *s, const struct limit_def *d, struct limit_value *v)
{
	char *end;

	v->value = 0;
	v->state = LIMIT_OFF;
	if (strcmp(s, "null") == 0 || strcmp(s, "off") == 0 || (d->flag && strcmp(s, "false") == 0))
		return true;
	v->state = LIMIT_ON;
	v->value = d->flag;
	if (d->flag)
		return strcmp(s, "true") == 0;
	v->value = strtod(s, &end);
	return strchr("0123456789.", *s) && *s && !*end && isfinite(v->value) &&
	       v->value >= d->min && v->value <= d->max;
}

int limits_set(struct limits *l, const char *text, struct errbuf *e)
{
	const char *eq = strchrnul(text, '='), *near;
	char key[SUGGEST_MAX];
	int limit = find(text, eq - text);

	snprintf(key, sizeof(key), "%.*s", (int)(eq - text), text);
	near = suggest_nearest(key, keys);
	if (limit < 0 && near)
		return errbuf_set(e, -EINVAL, "'%s' is no limit (did you mean \"%s\"?)", key, near);
	if (limit < 0)
		return errbuf_set(e, -EINVAL,
				  "'%s' is no limit (expected KEY=VALUE with a KEY of \"assert\" "
				  "in kt-test(5))",
				  key);
	if (!*eq || !parse_value(eq + 1, &defs[limit], &l->v[limit]))
		return errbuf_set(e, -EINVAL, "%s: expected %s, found '%.40s'", key,
				  defs[limit].want, *eq ? eq + 1 : "");
	return 0;
}

void limits_merge(struct limits *base, const struct limits *over)
{
	int i;

	for (i = 0; i < LIMIT_COUNT; i++)
		if (over->v[i].state != LIMIT_UNSET)
			base->v[i] = over->v[i];
}

static void fill(struct limit_value *v, double value)
{
	if (v->state == LIMIT_UNSET)
		*v = (struct limit_value){ LIMIT_ON, value };
}

void limits_complete(struct limits *l)
{
	if (l->v[LIMIT_NOT_STUCK].state != LIMIT_ON)
		return;
	fill(&l->v[LIMIT_MAX_GAP_MS], GAP_MS);
	fill(&l->v[LIMIT_MAX_SPREAD_PCT], SPREAD_PCT);
}

struct json_object *limits_json(const struct limits *l)
{
	struct json_object *o = json_object_new_object();
	char text[32];
	int i;

	for (i = 0; i < LIMIT_COUNT; i++) {
		if (i >= LIMIT_MONITOR && l->v[i].state == LIMIT_UNSET)
			continue; /* kt-check knows the defaults of "monitor" */
		if (defs[i].flag) {
			rec_bool(o, defs[i].key, l->v[i].state == LIMIT_ON);
		} else if (l->v[i].state == LIMIT_ON) {
			/* as given: rec_dbl()'s three decimals would change a limit of 0.0005 */
			snprintf(text, sizeof(text), "%.15g", l->v[i].value);
			rec_add(o, defs[i].key, json_object_new_double_s(l->v[i].value, text));
		} else if (i <= LIMIT_MIN_ITERATION_RATE || i >= LIMIT_MONITOR) {
			rec_add(o, defs[i].key, NULL);
		}
	}
	return o;
}
