// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

/* Members of `assert`, by limit_id. */
static const char *const members[LIM_COUNT] = {
	[LIM_ISOLATION] = "isolation",
	[LIM_NOT_STUCK] = "not_stuck",
	[LIM_GAP_MS] = "max_gap_ms",
	[LIM_SPREAD_PCT] = "max_spread_pct",
	[LIM_THROUGHPUT_CV] = "max_throughput_cv",
	[LIM_WORK_RATE] = "min_work_rate",
	[LIM_ITERATION_RATE] = "min_iteration_rate",
	[LIM_P99_LATENCY_NS] = "max_p99_wake_latency_ns",
	[LIM_LATENCY_CV] = "max_wake_latency_cv",
	[LIM_P99_TIMER_LATE_NS] = "max_p99_timer_late_ns",
	[LIM_MIGRATION_RATIO] = "max_migration_ratio",
	[LIM_MIGRATIONS_PER_S] = "max_migrations_per_s",
	[LIM_MIGRATIONS_PER_TIMESLICE] = "max_migrations_per_timeslice",
	[LIM_PAGE_LOCALITY] = "min_page_locality",
	[LIM_CROSS_NODE_RATIO] = "max_cross_node_migration_ratio",
	[LIM_SLOW_TIER_RATIO] = "max_slow_tier_ratio",
	[LIM_CLEANUP_MS] = "cleanup_budget_ms",
	[LIM_MONITOR] = "monitor",
	[LIM_IMBALANCE_RATIO] = "max_imbalance_ratio",
	[LIM_LOCAL_DSQ_DEPTH] = "max_local_dsq_depth",
	[LIM_RQ_CLOCK_STUCK] = "fail_on_rq_clock_stuck",
	[LIM_FALLBACK_RATE] = "max_fallback_rate",
	[LIM_KEEP_LAST_RATE] = "max_keep_last_rate",
	[LIM_SUSTAINED_SAMPLES] = "sustained_samples",
	[LIM_DEFAULTS] = "defaults",
	[LIM_WORK_CONSERVATION] = "work_conservation",
	[LIM_SHARE] = "share",
	[LIM_QUOTA] = "quota",
	[LIM_AFFINITY] = "affinity",
	[LIM_WAIT] = "wait",
	[LIM_TIMESLICE] = "timeslice",
	[LIM_MIGRATION] = "migration",
	[LIM_YIELD] = "yield",
	[LIM_CALLBACKS] = "callbacks",
	[LIM_FORK] = "fork",
	[LIM_PROGRESS] = "progress",
	[LIM_SCHEDULER] = "scheduler",
	[LIM_KERNEL_LOG] = "kernel_log",
	[LIM_TOPOLOGY] = "topology",
	[LIM_RECORDS] = "records",
	[LIM_OBSERVER] = "observer",
};

/* Of the checks on samples, when the monitor is on. */
static const struct {
	enum limit_id id;
	double v;
} monitor_defaults[] = {
	{ LIM_IMBALANCE_RATIO, 4 }, { LIM_LOCAL_DSQ_DEPTH, 50 }, { LIM_RQ_CLOCK_STUCK, 1 },
	{ LIM_FALLBACK_RATE, 200 }, { LIM_KEEP_LAST_RATE, 100 },
};

#define MONITOR_CHECKS    (sizeof(monitor_defaults) / sizeof(monitor_defaults[0]))
#define SUSTAINED_DEFAULT 5

bool limit_is_default(enum limit_id id)
{
	return id > LIM_DEFAULTS && id < LIM_COUNT;
}

static bool is_switch(enum limit_id id)
{
	return id == LIM_ISOLATION || id == LIM_NOT_STUCK || id == LIM_MONITOR ||
	       id == LIM_RQ_CLOCK_STUCK || id == LIM_DEFAULTS || limit_is_default(id);
}

void limits_init(struct limits *l, double v)
{
	int i;

	for (i = 0; i < LIM_COUNT; i++) {
		l->v[i] = v;
		l->dflt[i] = false;
	}
}

static int from_member(double *v, enum limit_id id, struct json_object *m, struct errbuf *e)
{
	if (!m) {
		*v = LIMIT_OFF;
		return 0;
	}
	if (is_switch(id)) {
		if (!json_object_is_type(m, json_type_boolean))
			return errbuf_set(e, -EINVAL, "expected true or false as %s", members[id]);
		*v = json_object_get_boolean(m) ? 1 : LIMIT_OFF;
		return 0;
	}
	*v = json_object_get_double(m);
	if ((!json_object_is_type(m, json_type_double) && !json_object_is_type(m, json_type_int)) ||
	    !isfinite(*v) || *v < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 or null as %s", members[id]);
	return 0;
}

int limits_from_plan(struct limits *l, struct json_object *assert, struct errbuf *e)
{
	struct json_object *m;
	int i, rc;

	limits_init(l, LIMIT_UNSET);
	for (i = 0; i < LIM_COUNT; i++) {
		if (!json_object_object_get_ex(assert, members[i], &m))
			continue;
		if (i == LIM_SHARE && !json_object_is_type(m, json_type_boolean))
			continue; /* shares between cgroups, which are no switch */
		rc = from_member(&l->v[i], i, m, e);
		if (rc)
			return rc;
	}
	return 0;
}

int limits_parse(struct limits *l, enum limit_id id, const char *text, struct errbuf *e)
{
	char *end;
	double v;

	if (strcmp(text, "off") == 0) {
		l->v[id] = LIMIT_OFF;
		return 0;
	}
	/* strtod() also takes hexadecimal, "inf" and "nan" */
	v = strtod(text, &end);
	if (!*text || *end || strspn(text, "0123456789.eE+-") != strlen(text) || !isfinite(v) ||
	    v < 0)
		return errbuf_set(e, -EINVAL, "expected a number >= 0 or \"off\", not '%s'", text);
	l->v[id] = v;
	return 0;
}

void limits_override(struct limits *l, const struct limits *over)
{
	int i;

	for (i = 0; i < LIM_COUNT; i++)
		if (over->v[i] != LIMIT_UNSET)
			l->v[i] = over->v[i];
}

bool limits_monitor(const struct limits *l)
{
	size_t i;

	for (i = 0; i < MONITOR_CHECKS; i++)
		if (l->v[monitor_defaults[i].id] >= 0)
			return true;
	return l->v[LIM_MONITOR] > 0;
}

void limits_complete(struct limits *l)
{
	size_t i;
	int id;

	for (i = 0; i < MONITOR_CHECKS; i++) {
		id = monitor_defaults[i].id;
		if (l->v[id] != LIMIT_UNSET || l->v[LIM_MONITOR] <= 0)
			continue;
		l->v[id] = monitor_defaults[i].v;
		l->dflt[id] = true;
	}
	for (id = LIM_DEFAULTS + 1; id < LIM_COUNT; id++) {
		if (l->v[id] != LIMIT_UNSET || l->v[LIM_DEFAULTS] == LIMIT_OFF)
			continue;
		l->v[id] = 1;
		l->dflt[id] = true;
	}
	if (l->v[LIM_SUSTAINED_SAMPLES] < 1)
		l->v[LIM_SUSTAINED_SAMPLES] = SUSTAINED_DEFAULT;
	for (id = 0; id < LIM_COUNT; id++)
		if (l->v[id] == LIMIT_UNSET)
			l->v[id] = LIMIT_OFF;
}
