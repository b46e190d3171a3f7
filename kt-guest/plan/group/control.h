/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_PLAN_GROUP_CONTROL_H
#define KT_GUEST_PLAN_GROUP_CONTROL_H

#include "errbuf.h"
#include "plan/common/context.h"
#include "testfile/node.h"

/* The controllers' keys of a cgroup become files, by name. */
#define PLAN_CONTROL_KEYS                                                               \
	"cpu_max", "cpu_weight", "memory_max", "memory_high", "memory_low", "swap_max", \
		"io_weight", "pids_max"
#define PLAN_CPU_MAX 48
int plan_control(const struct node *cgroup, struct json_object *files, struct errbuf *e);
int plan_cpu_max(const struct node *n, char text[PLAN_CPU_MAX], struct errbuf *e);
int plan_weight(const struct node *n, int64_t *weight, struct errbuf *e);
/* "150%", above 0 and up to `most` percent; no message. */
bool plan_percent(const struct node *n, double most, double *pct);

#endif
