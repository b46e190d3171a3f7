/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_LIMITS_H
#define KT_GUEST_PLAN_LIMITS_H

#include "errbuf.h"
#include "testfile/node.h"

/*
 * The "assert" block: limits that kt-check judges by. Layers give values (the scheduler, the
 * test, the command line; for some workers their cgroup and their group, too); the last that
 * sets one wins, and null sets it to "off".
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
	LIMIT_MAX_P99_TIMER_LATE_NS,
	LIMIT_MAX_WAKE_LATENCY_CV,
	LIMIT_MAX_MIGRATION_RATIO,
	LIMIT_MAX_MIGRATIONS_PER_S,
	LIMIT_MAX_MIGRATIONS_PER_TIMESLICE,
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
	/* switches of the checks that are on by default, and of all of them */
	LIMIT_DEFAULTS,
	LIMIT_WORK_CONSERVATION,
	LIMIT_SHARE,
	LIMIT_QUOTA,
	LIMIT_AFFINITY,
	LIMIT_WAIT,
	LIMIT_TIMESLICE,
	LIMIT_MIGRATION,
	LIMIT_YIELD,
	LIMIT_CALLBACKS,
	LIMIT_FORK,
	LIMIT_PROGRESS,
	LIMIT_SCHEDULER,
	LIMIT_KERNEL_LOG,
	LIMIT_TOPOLOGY,
	LIMIT_RECORDS,
	LIMIT_OBSERVER,
	LIMIT_COUNT,
};

struct limits {
	struct limit_value {
		enum { LIMIT_UNSET, LIMIT_OFF, LIMIT_ON } state;
		double value;
	} v[LIMIT_COUNT];
	/* Arrays of the record, or NULL: what the kernel may say; what cgroups are to get. */
	struct json_object *allow, *shares, *ratios;
};

/* Whose "assert" it is: not each key makes sense everywhere. */
enum limits_of { LIMITS_OF_TEST, LIMITS_OF_SCHEDULER, LIMITS_OF_WORKERS };

int limits_read(const struct node *n, enum limits_of of, struct limits *l, struct errbuf *e);
/* "KEY=VALUE" of the command line; 0 or -EINVAL. */
int limits_set(struct limits *l, const char *text, struct errbuf *e);
void limits_merge(struct limits *base, const struct limits *over);
void limits_free(struct limits *l);
/*
 * not_stuck switches the gap and the spread on, too, where no layer has said anything; `under`
 * are the limits that hold where these have none, or NULL.
 */
void limits_complete(struct limits *l, const struct limits *under);
/* Those of a test. */
struct json_object *limits_json(const struct limits *l);
/* Those of a cgroup or of a worker group: only what is set, null for "off". NULL: nothing is. */
struct json_object *limits_json_workers(const struct limits *l);

/*
 * Limits on the time that one thing takes cannot be exceeded by workers that live no longer.
 * Each such limit that is set to `ns` or more is handed to `fn`, with its key and its value, until
 * it returns other than 0, which is returned.
 */
typedef int limits_long_fn(void *arg, enum limit limit, uint64_t value_ns);
int limits_too_long(const struct limits *l, uint64_t ns, limits_long_fn *fn, void *arg);
/* Where the "assert" block `n` sets it; false: it does not. */
bool limits_place(const struct node *n, enum limit limit, struct node *at);
const char *limits_key(enum limit limit);

#endif
