/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_OPS_H
#define KT_GUEST_RUN_OPS_H

#include "world.h"

/*
 * Ops: what a test does to the world while it runs, by name. Each writes an `op` record with
 * what it did and what the kernel says of it afterwards.
 */

/* How a step's ops fared, when it does them again and again. */
struct ops_tally {
	size_t n;
	struct ops_count {
		struct json_object *last; /* record of the last time, to be written at the end */
		int64_t count, longest_ns;
	} * op;
};

/*
 * Does them in turn until one fails: 0, 1 when a scheduler could not be attached (recorded),
 * -errno with words in e. With a tally, records wait for ops_tally_end(), those of failures
 * excepted.
 */
int ops_run(struct world *w, struct json_object *ops, struct ops_tally *t, struct errbuf *e);

int ops_tally_init(struct ops_tally *t, struct json_object *ops);
/* Writes what has been held back. */
void ops_tally_end(struct world *w, struct ops_tally *t);

#endif
