/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_AWAY_H
#define KT_CHECK_MODEL_AWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "read/raw.h"

/* Time in which the kernel scheduled in the place of the scheduler under test. */
enum away_how { AWAY_GONE, AWAY_BYPASS, AWAY_OTHER, AWAY_HOWS };

struct away_stretch {
	int64_t from, to;
	char ops[64]; /* that was there instead, or "" */
};

struct away {
	bool have;         /* a sample told */
	char ops[64];      /* of the scheduler that attached, or "" */
	enum away_how how; /* now; AWAY_HOWS: it is there */
	struct away_stretch now, longest[AWAY_HOWS];
	int64_t restart_ns; /* longest that the guest tells of a restart, or 0 */
	int64_t restart_at; /* t_ns of its end */
};

struct model;

void away_sample(struct model *m, const struct raw *r);
/* A step is over, or samples are: what comes later is another stretch. */
void away_close(struct away *a);

#endif
