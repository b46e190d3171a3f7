/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_TERMS_H
#define KT_CHECK_MODEL_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

/* What the plan does to tasks and to the scheduler, as far as checks that are always on must know.
 */
#define TERMS_CGROUPS 4096

struct term {
	char *path;    /* of a cgroup */
	double quota;  /* CPUs that it may use at a time, or 0 for no quota */
	double period; /* of that, in ns */
	double weight; /* cpu.weight, 100 unless the plan says more or less */
};

struct terms {
	struct term *t;
	uint32_t n, cap;
	double heaviest;      /* load weight of a worker, 1024 is nice 0; 0: no worker has a nice */
	double heaviest_cg;   /* largest cpu.weight of a cgroup, lightest ones count as 100 */
	bool moves_scheduler; /* an op detaches, attaches or restarts it */
};

struct model;

/* 0 or -ENOMEM. */
int terms_plan(struct terms *t, struct json_object *test);
void terms_free(struct terms *t);
/* The quota over a task of that cgroup (the last part of its path), or NULL. */
const struct term *terms_quota(const struct model *m, const char *cgroup);
/* By how much heavier others may be than a task of that weight in that cgroup, at least 1. */
double terms_heavier(const struct model *m, uint64_t weight, const char *cgroup);

#endif
