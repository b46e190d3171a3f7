/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_UNWIND_H
#define KT_VM_KERNEL_UNWIND_H

#include "machine/regs.h"
#include "view.h"

/*
 * Stacks of the guest's kernel, by the ORC tables of its vmlinux (kernel/orc.h); code that has
 * none, BPF programs above all, by frame pointers, as the kernel itself does it.
 */
#define KUNWIND_MAX KVIEW_STACK

/* Return addresses from the registers of a paused CPU, the first is rip; their number. */
size_t kunwind(struct kview *kv, const struct vcpu_regs *r, uint64_t *pc, size_t max);

#endif
