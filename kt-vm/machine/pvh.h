/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_MACHINE_PVH_H
#define KT_VM_MACHINE_PVH_H

#include <stdint.h>

#include "gmem.h"

/*
 * Kernels that have no 64-bit entry point but one for PVH: what they want to find in
 * memory, and the way there, so that no engine needs to know. All of it is in one page.
 */
#define PVH_BASE       0x8000ULL
#define PVH_MEMMAP_MAX 128

struct pvh_memmap { /* of the PVH ABI */
	uint64_t addr, size;
	uint32_t type; /* as in E820 */
	uint32_t reserved;
};

struct pvh {
	uint32_t entry;                             /* GPA, from the kernel's note */
	uint64_t cmdline, rsdp, initrd, initrd_len; /* initrd_len 0: none */
	struct pvh_memmap memmap[PVH_MEMMAP_MAX];
	uint32_t memmaps;
};

/* Fills the page; returns the address to enter in long mode. */
uint64_t pvh_place(const struct gmem *m, const struct pvh *p);

#endif
