/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_LIMIT_H
#define KT_LIMIT_H

#include <stdbool.h>

#include "errbuf.h"

/*
 * The limits that kt-check judges by: the keys of the "assert" block of kt-test(5), of --assert,
 * and, with dashes, the options of kt-check.
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

struct limit_def {
	const char *key;
	bool flag; /* on or off; else a number */
	double min, max;
	const char *want;
	bool workers; /* about workers, so those of a cgroup or of a group may have their own */
	const char *timed; /* the key that takes a duration; `unit_ns` is one of `key` */
	double unit_ns;
	const char *idle; /* why its last value (max of a "max_", min of a "min_") is no limit */
	/* Its value while nothing sets it and the switch `with` (0: none) is on. */
	enum limit with;
	double fallback;
	const char *help;
};

extern const struct limit_def limit_defs[LIMIT_COUNT];

/* A value that every figure of its kind is within: such a limit says nothing. */
bool limit_is_idle(const struct limit_def *d, double value);
/*
 * A value as typed; `off` is set for "off" and "null", and for "false" of a flag. Returns 0, or
 * -EINVAL with "expected ..., found ...".
 */
int limit_parse(const struct limit_def *d, const char *text, bool *off, double *value,
		struct errbuf *e);

#endif
