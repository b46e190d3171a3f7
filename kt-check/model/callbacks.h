/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_CALLBACKS_H
#define KT_CHECK_MODEL_CALLBACKS_H

#include <stdint.h>

#include "read/raw.h"

/* What the callbacks of all schedulers of a run have cost, as the last sample of each tells. */
#define CALLBACKS_MAX 256

struct callbacks {
	struct {
		struct raw_callback last;
		int64_t from, to; /* t_ns: it has run within these */
	} c[CALLBACKS_MAX];
	uint32_t n;
	int64_t last_ns; /* t_ns of the last sample that told of any, or of the first one */
};

struct model;

void callbacks_sample(struct model *m, const struct raw *r);

#endif
