// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "kunwind.h"

enum {
	REG_UNDEFINED,
	REG_PREV_SP,
	REG_DX,
	REG_DI,
	REG_BP,
	REG_SP,
	REG_R10,
	REG_R13,
	REG_BP_IND,
	REG_SP_IND,
	REG_AX
};
enum { TYPE_UNDEFINED, TYPE_END, TYPE_CALL, TYPE_REGS, TYPE_REGS_PARTIAL };
enum { GPR_AX, GPR_DX = 2, GPR_BP = 5, GPR_DI = 7, GPR_R10 = 10, GPR_R13 = 13 };

#define PT_REGS_IP 128 /* arch/x86/include/asm/ptrace.h: r15 is at 0, ip at 16 * 8 */
#define PT_REGS_SP 152
#define PT_REGS_BP 32

struct orc {
	int16_t sp_offset, bp_offset;
	uint8_t sp_reg, bp_reg, type;
};

struct frame {
	struct obs *o;
	uint64_t ip, sp, bp, ax, dx, di, r10, r13;
	bool exact; /* ip is where the CPU is, no return address */
};

static bool in_text(uint64_t ip)
{
	return ip >= 0xffff800000000000ULL;
}

/*
 * Numbers in entries have changed: types in 6.4, since when a sum in .orc_header says which they
 * are, and registers in 7.0. A sum that is not known is taken for the newest.
 */
static void decode(const struct ksym *k, const uint8_t *e, struct orc *orc)
{
	static const uint8_t sum_6_4[] = { 0xfe, 0x5d, 0x32, 0xbf }, renumbered[16] = {
		REG_UNDEFINED, REG_AX,  REG_DX,      REG_SP,     REG_BP,     REG_DI,
		REG_R10,       REG_R13, REG_PREV_SP, REG_SP_IND, REG_BP_IND,
	};
	size_t len = 0;
	const uint8_t *sum = ksym_section(k, ".orc_header", &len, NULL);

	memcpy(&orc->sp_offset, e, 2);
	memcpy(&orc->bp_offset, e + 2, 2);
	orc->sp_reg = e[4] & 15;
	orc->bp_reg = e[4] >> 4;
	orc->type = e[5] & 7;
	if (!sum || len < sizeof(sum_6_4)) {
		orc->type = e[5] & 4 ? TYPE_END : (e[5] & 3) + TYPE_CALL;
	} else if (memcmp(sum, sum_6_4, sizeof(sum_6_4))) {
		orc->sp_reg = renumbered[orc->sp_reg];
		orc->bp_reg = renumbered[orc->bp_reg];
	}
}

/* The entry for a link address: the last one whose ip is not above it. */
static bool find_orc(const struct ksym *k, uint64_t ip, struct orc *orc)
{
	size_t lenip, len, lo = 0, hi, mid;
	uint64_t base, addr;
	const uint8_t *ips = ksym_section(k, ".orc_unwind_ip", &lenip, &base);
	const uint8_t *entries = ksym_section(k, ".orc_unwind", &len, NULL);
	int32_t rel;

	hi = ips && entries ? lenip / 4 : 0;
	if (!hi || len / 6 < hi)
		return false;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		memcpy(&rel, ips + 4 * mid, 4);
		addr = base + 4 * mid + (uint64_t)(int64_t)rel;
		if (addr <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	decode(k, entries + 6 * (lo - 1), orc);
	return true;
}

/* Code without ORC data: push rbp; mov rbp, rsp. */
static const struct orc frame_pointer = { .sp_offset = 16,
					  .bp_offset = -16,
					  .sp_reg = REG_BP,
					  .bp_reg = REG_PREV_SP,
					  .type = TYPE_CALL };

static bool word(const struct frame *f, uint64_t gva, uint64_t *v)
{
	return !(gva & 7) && !kmem_number(&f->o->mem, gva, 8, v);
}

static bool find_sp(struct frame *f, const struct orc *orc, uint64_t *sp)
{
	switch (orc->sp_reg) {
	case REG_SP:
		*sp = f->sp + (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case REG_BP:
		*sp = f->bp + (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case REG_SP_IND:
		if (!word(f, f->sp, sp))
			return false;
		*sp += (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case REG_BP_IND:
		return word(f, f->bp + (uint64_t)(int64_t)orc->sp_offset, sp);
	case REG_AX:
		*sp = f->ax;
		return f->exact;
	case REG_DX:
		*sp = f->dx;
		return f->exact;
	case REG_DI:
		*sp = f->di;
		return f->exact;
	case REG_R10:
		*sp = f->r10;
		return f->exact;
	case REG_R13:
		*sp = f->r13;
		return f->exact;
	}
	return false;
}

/* One frame up; false at the end of the stack. */
static bool step(struct frame *f)
{
	uint64_t link = f->ip - (f->exact ? 0 : 1) - f->o->mem.virt_slide, sp, bp = f->bp;
	struct orc orc = frame_pointer;

	if (ksym_function(&f->o->sym, link) && !find_orc(&f->o->sym, link, &orc))
		orc = frame_pointer;
	if (orc.type < TYPE_CALL || !find_sp(f, &orc, &sp))
		return false;
	if (orc.type == TYPE_CALL) {
		if (!word(f, sp - 8, &f->ip))
			return false;
		f->exact = false;
	} else {
		/* an interrupt's frame: its registers lie at sp (REGS_PARTIAL: ip and sp alone) */
		uint64_t regs = orc.type == TYPE_REGS ? sp : sp - PT_REGS_IP;

		if (!word(f, regs + PT_REGS_IP, &f->ip) || !word(f, regs + PT_REGS_SP, &sp))
			return false;
		if (orc.type == TYPE_REGS)
			word(f, regs + PT_REGS_BP, &bp);
		f->exact = true;
	}
	if (orc.bp_reg == REG_PREV_SP && orc.type == TYPE_CALL)
		word(f, sp + (uint64_t)(int64_t)orc.bp_offset, &bp);
	else if (orc.bp_reg == REG_BP && orc.type == TYPE_CALL)
		word(f, f->bp + (uint64_t)(int64_t)orc.bp_offset, &bp);
	f->bp = bp;
	/* a stack grows down: one that goes the other way is a loop, or another stack's lie */
	if (orc.type == TYPE_CALL && sp <= f->sp)
		return false;
	f->sp = sp;
	return true;
}

size_t kunwind(struct obs *o, const struct engine_regs *r, uint64_t *pc, size_t max)
{
	struct frame f = { .o = o,
			   .ip = r->rip,
			   .sp = r->rsp,
			   .bp = r->gpr[GPR_BP],
			   .ax = r->gpr[GPR_AX],
			   .dx = r->gpr[GPR_DX],
			   .di = r->gpr[GPR_DI],
			   .r10 = r->gpr[GPR_R10],
			   .r13 = r->gpr[GPR_R13],
			   .exact = true };
	size_t n = 0;

	while (n < max && in_text(f.ip)) {
		pc[n++] = f.ip;
		if (!step(&f))
			break;
	}
	return n;
}
