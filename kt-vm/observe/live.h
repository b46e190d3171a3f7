/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_LIVE_H
#define KT_VM_OBSERVE_LIVE_H

#include "obs.h"

/* The fields that the plan's "watch_fields" names, as a member of a sample. */
void live_plan(struct obs *o, struct json_object *names);
void live_sample(struct obs *o);
void live_free(struct obs *o);

#endif
