/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_SOURCES_H
#define KT_DRIVER_SOURCES_H

#include "testrun.h"
#include "watch.h"

/* What kt itself needs to know of a plan. */
struct plan {
	char name[128];
	char topology[64];
	char memory[32]; /* as kt-topo takes it */
	unsigned int steps;
	uint64_t duration_ns;
};

/*
 * Runs the sources of a test's pipeline one after another; their records go to
 * the file `fd`, which is left at its start. Returns 0 or an exit code; all is said.
 */
int sources_run(const struct test_opts *o, const char *name, struct watch *w, int fd,
		struct plan *plan);

#endif
