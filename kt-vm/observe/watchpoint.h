/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_WATCHPOINT_H
#define KT_VM_OBSERVE_WATCHPOINT_H

#include "obs.h"

/*
 * Hardware watchpoints on variables of the kernel and of BPF programs: each write that meets
 * the conditions takes a snapshot. One of the CPU's four is the observer's own: it sees the
 * scheduler's end as it is written.
 */

/* Arms what a "watch" request of the guest asks for: 0, or -errno with words. */
int watch_request(struct obs *o, struct json_object *op, struct errbuf *e);
/* Those that a step has set are disarmed at its end. */
void watch_step_ended(struct obs *o);
/* And those on variables of a scheduler when it is gone: their memory is another's by then. */
void watch_check(struct obs *o);
/* Sets the observer's own to the scheduler that there is now. */
void watch_exit(struct obs *o);
/* Watchpoint `index` was hit: true when it was the observer's own. */
bool watch_hit(struct obs *o, unsigned int index, uint64_t now_ns);

#endif
