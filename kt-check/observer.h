/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_OBSERVER_H
#define KT_CHECK_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"

/* What kt's own processes used of the guest's CPUs, in the step where it was worst. */
struct observer {
	bool seen;
	double share; /* of the CPU, 0 to 1 */
	int64_t step, cpu;
	uint64_t ns, wall_ns;
};

struct model;

int take_observer(struct model *m, struct json_object *o, struct errbuf *e);

#endif
