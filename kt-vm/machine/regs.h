/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_REGS_H
#define KT_VM_MACHINE_REGS_H

#include <stdint.h>

/* Registers of one vCPU. */
struct vcpu_regs {
	uint64_t rip, rsp, rflags, cr0, cr2, cr3, cr4, efer;
	uint64_t gpr[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 to r15: the CPU's own numbers */
	uint64_t fs_base, gs_base; /* the active one: in user mode the kernel's is elsewhere */
};

#endif
