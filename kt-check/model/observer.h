/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_OBSERVER_H
#define KT_CHECK_MODEL_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"

/* What kt's own processes used of each of the guest's CPUs while a step was held. */
#define OBSERVER_MAX 65536 /* that are kept: more steps and CPUs are not looked at */

struct observer_use {
	int64_t step, cpu, end_ns; /* guest_ns at which the hold ended */
	uint64_t ns, wall_ns;
};

struct observer {
	bool seen;
	struct observer_use *use;
	uint32_t n, cap;
};

struct model;

int take_observer(struct model *m, struct json_object *o, struct errbuf *e);

#endif
