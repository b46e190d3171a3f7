/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_PROGRESS_H
#define KT_DRIVER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one line on a terminal that says how far a test is. All do nothing when it is off. */
struct progress {
	bool on;
	bool drawn;
	char test[64];
	char stage[48];
	uint64_t since_ns;    /* start of the stage */
	uint64_t expected_ns; /* how long it should take, or 0 */
	uint64_t duration_ns; /* of all steps */
	uint64_t drawn_ns;
	unsigned int steps; /* of the plan */
	bool working;       /* the first step has begun */
};

/* `name`: what the command line calls the test. */
void progress_start(struct progress *p, const char *name);
void progress_stage(struct progress *p, const char *stage);
/* The plan is known. */
void progress_plan(struct progress *p, const char *name, unsigned int steps, uint64_t duration_ns);
/* A line of the run's records. */
void progress_record(struct progress *p, const char *line, size_t len);
/* Draws again when it is time to. */
void progress_tick(struct progress *p);
/* Takes the line away, for other text or for good. */
void progress_clear(struct progress *p);

#endif
