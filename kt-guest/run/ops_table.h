/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_OPS_TABLE_H
#define KT_GUEST_RUN_OPS_TABLE_H

#include "world.h"

/*
 * The kinds of ops. `op` is the plan's, `rec` the record to be, which has its plain members
 * already. 0, 1 or -errno as of ops_run(), both with words in e.
 */
typedef int op_fn(struct world *w, struct json_object *op, struct json_object *rec,
		  struct errbuf *e);

struct op_kind {
	const char *name; /* NULL ends a table */
	op_fn *run;       /* NULL: kt-vm does it, ops_request() asks for it */
};

extern const struct op_kind ops_programs[]; /* ops_programs.c: payloads and schedulers */

/*
 * ops_observe.c: writes (and releases) the record, which has "request": true, and waits for what
 * kt-vm says to it: 0, or -errno with words in e.
 */
int ops_request(struct world *w, struct json_object *rec, struct errbuf *e);

#endif
