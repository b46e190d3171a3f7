/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_ORC_H
#define KT_VM_KERNEL_ORC_H

#include "symbols.h"

/*
 * The ORC tables of a vmlinux, which say for each place in its code how to find the caller's
 * frame: Documentation/arch/x86/orc-unwinder.rst, arch/x86/include/asm/orc_types.h.
 */
enum korc_reg {
	KORC_REG_UNDEFINED,
	KORC_REG_PREV_SP,
	KORC_REG_DX,
	KORC_REG_DI,
	KORC_REG_BP,
	KORC_REG_SP,
	KORC_REG_R10,
	KORC_REG_R13,
	KORC_REG_BP_IND,
	KORC_REG_SP_IND,
	KORC_REG_AX
};

enum korc_type { KORC_UNDEFINED, KORC_END, KORC_CALL, KORC_REGS, KORC_REGS_PARTIAL };

struct korc_entry {
	int16_t sp_offset, bp_offset;
	uint8_t sp_reg, bp_reg, type;
};

struct korc {
	const uint8_t *ips, *entries; /* in the mapping of vmlinux */
	size_t n;
	uint64_t base;  /* of ips */
	bool until_6_3; /* types in entries have changed since */
	bool since_7_0; /* registers have changed */
};

/* A vmlinux without such tables has no entries. */
void korc_open(struct korc *k, const struct ksym *sym);
/* The entry for a link address. */
bool korc_find(const struct korc *k, uint64_t ip, struct korc_entry *e);

#endif
