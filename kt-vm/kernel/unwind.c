// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "unwind.h"

enum { GPR_AX, GPR_DX = 2, GPR_BP = 5, GPR_DI = 7, GPR_R10 = 10, GPR_R13 = 13 };

#define PT_REGS_IP 128 /* arch/x86/include/asm/ptrace.h: r15 is at 0, ip at 16 * 8 */
#define PT_REGS_SP 152
#define PT_REGS_BP 32

struct frame {
	struct kview *kv;
	uint64_t ip, sp, bp, ax, dx, di, r10, r13;
	bool exact; /* ip is where the CPU is, no return address */
};

static bool in_text(uint64_t ip)
{
	return ip >= 0xffff800000000000ULL;
}

/* Code without ORC data: push rbp; mov rbp, rsp. */
static const struct korc_entry frame_pointer = { .sp_offset = 16,
						 .bp_offset = -16,
						 .sp_reg = KORC_REG_BP,
						 .bp_reg = KORC_REG_PREV_SP,
						 .type = KORC_CALL };

static bool word(const struct frame *f, uint64_t gva, uint64_t *v)
{
	return !(gva & 7) && !kmem_number(&f->kv->mem, gva, 8, v);
}

static bool find_sp(struct frame *f, const struct korc_entry *orc, uint64_t *sp)
{
	switch (orc->sp_reg) {
	case KORC_REG_SP:
		*sp = f->sp + (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case KORC_REG_BP:
		*sp = f->bp + (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case KORC_REG_SP_IND:
		if (!word(f, f->sp, sp))
			return false;
		*sp += (uint64_t)(int64_t)orc->sp_offset;
		return true;
	case KORC_REG_BP_IND:
		return word(f, f->bp + (uint64_t)(int64_t)orc->sp_offset, sp);
	case KORC_REG_AX:
		*sp = f->ax;
		return f->exact;
	case KORC_REG_DX:
		*sp = f->dx;
		return f->exact;
	case KORC_REG_DI:
		*sp = f->di;
		return f->exact;
	case KORC_REG_R10:
		*sp = f->r10;
		return f->exact;
	case KORC_REG_R13:
		*sp = f->r13;
		return f->exact;
	}
	return false;
}

/* One frame up; false at the end of the stack. */
static bool step(struct frame *f)
{
	uint64_t link = f->ip - (f->exact ? 0 : 1) - f->kv->mem.virt_slide, sp, bp = f->bp;
	struct korc_entry orc = frame_pointer;
	struct ksym_entry s;

	if (ksym_function(&f->kv->sym, link, &s) && !korc_find(&f->kv->orc, link, &orc))
		orc = frame_pointer;
	if (orc.type < KORC_CALL || !find_sp(f, &orc, &sp))
		return false;
	if (orc.type == KORC_CALL) {
		if (!word(f, sp - 8, &f->ip))
			return false;
		f->exact = false;
	} else {
		/* an interrupt's frame: its registers lie at sp (REGS_PARTIAL: ip and sp alone) */
		uint64_t regs = orc.type == KORC_REGS ? sp : sp - PT_REGS_IP;

		if (!word(f, regs + PT_REGS_IP, &f->ip) || !word(f, regs + PT_REGS_SP, &sp))
			return false;
		if (orc.type == KORC_REGS)
			word(f, regs + PT_REGS_BP, &bp);
		f->exact = true;
	}
	if (orc.bp_reg == KORC_REG_PREV_SP && orc.type == KORC_CALL)
		word(f, sp + (uint64_t)(int64_t)orc.bp_offset, &bp);
	else if (orc.bp_reg == KORC_REG_BP && orc.type == KORC_CALL)
		word(f, f->bp + (uint64_t)(int64_t)orc.bp_offset, &bp);
	f->bp = bp;
	/* a stack grows down: one that goes the other way is a loop, or another stack's lie */
	if (orc.type == KORC_CALL && sp <= f->sp)
		return false;
	f->sp = sp;
	return true;
}

size_t kunwind(struct kview *kv, const struct vcpu_regs *r, uint64_t *pc, size_t max)
{
	struct frame f = { .kv = kv,
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
