/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_WAIT_H
#define KT_GUEST_WORK_WAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "work.h"

/*
 * Where one worker of a group sleeps until another picks it. Whoever picks it stamps the time
 * into it, so that a latency is that of this very wake-up, however late the sleeper runs.
 * Whoever waits for a condition arms its slot, looks once more, then sleeps or disarms; whoever
 * makes the condition true wakes afterwards: so no wake-up is lost.
 */
struct work_slot {
	_Alignas(64) uint32_t state; /* enum slot_state; a futex */
	uint64_t sent;
};

void work_slot_arm(struct work_slot *s);
void work_slot_disarm(struct work_slot *s);
/* Sleeps in the armed slot and accounts the wait; false: it was ended by the stop. */
bool work_slot_sleep(struct work *w, struct work_slot *s);
/* Wakes one of the n that sleep, the first from `from` on. */
void work_slot_wake(struct work_slot *s, unsigned int n, unsigned int from);

/*
 * Waits for a child, which stamps `sent` just before it exits. After the stop the child is
 * killed, but still waited for: nothing may be left in the cgroup.
 */
void work_reap(struct work *w, pid_t pid, const uint64_t *sent);

#endif
