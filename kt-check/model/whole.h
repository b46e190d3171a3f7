/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_WHOLE_H
#define KT_CHECK_MODEL_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"
#include "read/raw.h"
#include "stream.h"

/*
 * What a stream must have to be judged at all: one run, in the order in which it was
 * written, with all its records; and of the plan, each step's beginning and end.
 */
struct whole {
	struct stream stream;
	size_t planned, started; /* steps */
	bool running;            /* the last one that started has not ended */
	int64_t step_ns;         /* guest_ns of the last step record */
	int64_t written;         /* records of the guest, as far as it has not ended */
	int64_t guest_t;         /* t_ns of the last record of the guest, */
	int64_t sample_t;        /* of the last sample, */
	int64_t before_t;        /* and of the one before it */
	uint32_t columns;        /* that samples have had, a bit each */
};

/* Takes one record of any type but `sample`: 0, or -EINVAL with the reason in `e`. */
int whole_take(struct whole *w, struct json_object *o, struct errbuf *e);
/* Takes a sample: its columns are of numbers only, and never away once they were there. */
int whole_sample(struct whole *w, const struct raw *r, struct errbuf *e);
#endif
