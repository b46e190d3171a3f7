/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_MONITOR_H
#define KT_VM_OBSERVE_MONITOR_H

#include "obs.h"

/* Writes one sample record. */
void monitor_sample(struct obs *o, uint64_t now_ns);

#endif
