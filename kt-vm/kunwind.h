/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KUNWIND_H
#define KT_KUNWIND_H

#include "engine.h"
#include "obs.h"

/*
 * Stacks of the guest's kernel, by the ORC tables of its vmlinux (korc.h); code that has none, BPF
 * programs above all, by frame pointers, as the kernel itself does it.
 */
#define KUNWIND_MAX OBS_STACK

/* Return addresses from the registers of a paused CPU, the first is rip; their number. */
size_t kunwind(struct obs *o, const struct engine_regs *r, uint64_t *pc, size_t max);

#endif
