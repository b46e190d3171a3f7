/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_TESTRUN_H
#define KT_DRIVER_TESTRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The options of "kt test". */
struct test_opts {
	const char **plan; /* arguments for kt-guest plan, as given */
	size_t nplan;
	const char *engine, *kernel, *runs; /* or NULL */
	unsigned int retries;               /* of a run that was inconclusive */
	uint64_t wait_ns;                   /* for a quiet machine before each run; 0: none */
	bool quiet, verbose;
	bool host; /* kt run: without a guest */
};

struct watch;

/* One test from its plan to its report; `replay` is the command that repeats it. */
int test_run(const struct test_opts *o, const char *name, const char *replay, struct watch *w);

#endif
