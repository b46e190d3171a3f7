/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_LIMITS_H
#define KT_GUEST_PLAN_LIMITS_H

#include "errbuf.h"
#include "limit.h"
#include "testfile/node.h"

/*
 * The "assert" block: limits that kt-check judges by. Layers give values (the scheduler, the
 * test, the command line; for some workers their cgroup and their group, too); the last that
 * sets one wins, and null sets it to "off".
 */
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

#endif
