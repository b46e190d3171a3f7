/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_COMMON_CONTEXT_H
#define KT_GUEST_PLAN_COMMON_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "limits.h"
#include "names.h"
#include "topo.h"

/* How long workers live at most: as they will, and by the file alone, without --duration. */
struct plan_life {
	uint64_t ns, file_ns;
};

struct plan_sched;

/* What is known at the point of the test that is being resolved. */
struct plan_ctx {
	struct topo topo;
	char spec[TOPO_SPEC_MAX];
	uint64_t duration_ns, file_duration_ns;
	const struct limits *limits; /* of the test */
	struct json_object *notes;   /* of plan_opts */
	struct {
		struct plan_life all, step, now; /* in the backdrop, in the longest step, here */
	} lives;
	struct plan_sched *sched; /* the test's */
	/* Parts of the record that grow while the test is read. */
	struct json_object *schedulers; /* those that ops name: plan_sched_ref() */
	struct json_object *programs;   /* what else is packed: plan_program(), plan_files() */
	struct json_object *payloads;   /* plan_payloads() */
	struct json_object *kargs;      /* of the test, and of `schedulers` */
	/* What is there, and runs, at this point. */
	struct names names;
	uint64_t workers; /* of the step so far, and of the backdrop */
	uint64_t backdrop_workers;
	size_t processes; /* worker groups and payloads of the whole test */
	bool attached;    /* a sched_ext scheduler, by the test or by an op */
	bool again;       /* ops are walked once more, as "every" repeats them */
};

#endif
