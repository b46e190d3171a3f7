/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_LIMITS_H
#define KT_GUEST_PLAN_LIMITS_H

#include "errbuf.h"
#include "node.h"

/*
 * The "assert" block: limits that kt-check judges by. Three layers give values (the
 * scheduler, the test, the command line); the last that sets one wins, and null sets
 * it to "off".
 */
enum limit {
	LIMIT_ISOLATION,
	LIMIT_NOT_STUCK,
	LIMIT_MAX_GAP_MS,
	LIMIT_MAX_SPREAD_PCT,
	LIMIT_MAX_THROUGHPUT_CV,
	LIMIT_MIN_WORK_RATE,
	LIMIT_MIN_ITERATION_RATE,
	LIMIT_MAX_P99_WAKE_LATENCY_NS,
	LIMIT_MAX_WAKE_LATENCY_CV,
	LIMIT_MAX_MIGRATION_RATIO,
	LIMIT_MIN_PAGE_LOCALITY,
	LIMIT_MAX_CROSS_NODE_MIGRATION_RATIO,
	LIMIT_MAX_SLOW_TIER_RATIO,
	LIMIT_CLEANUP_BUDGET_MS,
	LIMIT_MONITOR,
	LIMIT_MAX_IMBALANCE_RATIO,
	LIMIT_MAX_LOCAL_DSQ_DEPTH,
	LIMIT_FAIL_ON_RQ_CLOCK_STUCK,
	LIMIT_MAX_FALLBACK_RATE,
	LIMIT_MAX_KEEP_LAST_RATE,
	LIMIT_SUSTAINED_SAMPLES,
	LIMIT_COUNT,
};

struct limits {
	struct limit_value {
		enum { LIMIT_UNSET, LIMIT_OFF, LIMIT_ON } state;
		double value;
	} v[LIMIT_COUNT];
};

int limits_read(const struct node *n, struct limits *l, struct errbuf *e);
/* "KEY=VALUE" of the command line; 0 or -EINVAL. */
int limits_set(struct limits *l, const char *text, struct errbuf *e);
void limits_merge(struct limits *base, const struct limits *over);
/* not_stuck switches the gap and the spread on, too, where no layer has said anything. */
void limits_complete(struct limits *l);
struct json_object *limits_json(const struct limits *l);

#endif
