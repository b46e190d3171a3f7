/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_PLAN_H
#define KT_GUEST_PLAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"
#include "plan/common/limits.h"

/*
 * The host side: a test file, resolved and checked, becomes a `test` record
 * (kt-records(7)). All functions return an enum kt_exit, with the message in `e`
 * unless it is KT_OK.
 */
struct plan_opts {
	const char *test;      /* name or file */
	const char *scheduler; /* NULL: the test's */
	const char *topology;  /* NULL: the test's; else one that topo_parse() takes */
	uint64_t duration_ns;  /* 0: the test's */
	struct limits limits;  /* override the test's */
	/* Array of sentences for people about what was left out; or NULL. */
	struct json_object *notes;
};

int plan_resolve(const struct plan_opts *o, struct json_object **record, struct errbuf *e);
/* The same for a file that was read already; fuzzers come in here. */
int plan_resolve_file(const struct plan_opts *o, const struct jsonfile *f,
		      struct json_object **record, struct errbuf *e);

#endif
