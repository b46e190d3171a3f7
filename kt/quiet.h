/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_QUIET_H
#define KT_DRIVER_QUIET_H

#include <stdint.h>

struct watch;

/*
 * Waits up to timeout_ns until the host has a CPU free for each of the `cpus` that a guest
 * has (all of its own, where that are fewer), says what it waits for, and goes on at the
 * end with a warning. A signal ends the wait.
 */
void quiet_wait(struct watch *w, unsigned int cpus, uint64_t timeout_ns);

#endif
