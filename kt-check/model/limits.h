/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_LIMITS_H
#define KT_CHECK_MODEL_LIMITS_H

#include <stdbool.h>

#include <json-c/json.h>

#include "errbuf.h"

/* Which checks are on, and their limits: those of the plan, overridden by options. */
enum limit_id {
	LIM_ISOLATION,
	LIM_NOT_STUCK,
	LIM_GAP_MS,
	LIM_SPREAD_PCT,
	LIM_THROUGHPUT_CV,
	LIM_WORK_RATE,
	LIM_ITERATION_RATE,
	LIM_P99_LATENCY_NS,
	LIM_LATENCY_CV,
	LIM_P99_TIMER_LATE_NS,
	LIM_MIGRATION_RATIO,
	LIM_MIGRATIONS_PER_S,
	LIM_MIGRATIONS_PER_TIMESLICE,
	LIM_PAGE_LOCALITY,
	LIM_CROSS_NODE_RATIO,
	LIM_SLOW_TIER_RATIO,
	LIM_CLEANUP_MS,
	LIM_MONITOR, /* those below, with their defaults */
	LIM_IMBALANCE_RATIO,
	LIM_LOCAL_DSQ_DEPTH,
	LIM_RQ_CLOCK_STUCK,
	LIM_FALLBACK_RATE,
	LIM_KEEP_LAST_RATE,
	LIM_SUSTAINED_SAMPLES,
	LIM_DEFAULTS, /* those below, which are on unless something turns them off */
	LIM_WORK_CONSERVATION,
	LIM_SHARE,
	LIM_QUOTA,
	LIM_AFFINITY,
	LIM_WAIT,
	LIM_TIMESLICE,
	LIM_MIGRATION,
	LIM_YIELD,
	LIM_CALLBACKS,
	LIM_FORK,
	LIM_PROGRESS,
	LIM_SCHEDULER,
	LIM_KERNEL_LOG,
	LIM_TOPOLOGY,
	LIM_RECORDS,
	LIM_OBSERVER,
	LIM_COUNT
};

/* A limit is a number >= 0 (1 for a check that is only on or off), or one of these. */
#define LIMIT_OFF   (-1.0)
#define LIMIT_UNSET (-2.0)

struct limits {
	double v[LIM_COUNT];
	bool dflt[LIM_COUNT]; /* not asked for by itself */
};

/* Is it the switch of a check that is on by default? */
bool limit_is_default(enum limit_id id);
void limits_init(struct limits *l, double v); /* all to LIMIT_OFF or LIMIT_UNSET */
/* From the `assert` object of a test record, which may be NULL. */
int limits_from_plan(struct limits *l, struct json_object *assert, struct errbuf *e);
/* A limit as typed: a number, or "off". */
int limits_parse(struct limits *l, enum limit_id id, const char *text, struct errbuf *e);
/* What is set in `over` replaces what is in `l`. */
void limits_override(struct limits *l, const struct limits *over);
/* Does any of them need samples? */
bool limits_monitor(const struct limits *l);
/* What nobody set is off, or has its default: with the monitor, or unless defaults are off. */
void limits_complete(struct limits *l);

#endif
