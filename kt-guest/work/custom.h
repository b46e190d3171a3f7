/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_CUSTOM_H
#define KT_GUEST_WORK_CUSTOM_H

#include <json-c/json.h>

#include "work.h"

/*
 * Workers of a type that is `external`: behind the gate they become the program of the plan,
 * they are stopped by one SIGTERM to their group, and they end when they like.
 */
_Noreturn void work_custom_exec(const struct work *w);
/*
 * What it said, into its record, whose work_units, iterations and metrics it sets; cpu_ns is its
 * CPU time.
 */
void work_custom_report(const struct work_group *g, uint64_t cpu_ns, struct json_object *record);
/* The program of a resolved work or payload: in the guest, or on a bare host its own. */
const char *work_custom_program(struct json_object *o);

#endif
