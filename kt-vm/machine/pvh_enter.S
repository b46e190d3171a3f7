/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From long mode, where every engine starts the boot CPU, to a kernel's PVH entry
 * point: 32 bits, flat segments, no paging, ebx = start_info. pvh.c copies this to
 * PVH_BASE and fills in pvh_entry. The page there is mapped to itself.
 */
#define PVH_BASE  0x8000
#define PVH_INFO  0x8200
#define AT(label) (PVH_BASE + (label) - pvh_start)

	.section .rodata
	.globl pvh_start, pvh_end, pvh_entry

	.code64
pvh_start:
	cli
	cld
	lgdt	AT(gdt_ptr)
	ljmpl	*AT(leave)

	.code32
protected:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x11, %eax		/* CR0: PE, and ET, which is not writable */
	movl	%eax, %cr0
	movl	$0xc0000080, %ecx	/* EFER: no LME */
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
	movl	%eax, %cr4
	movw	$0x20, %ax
	ltr	%ax
	movl	$PVH_INFO, %ebx
	jmpl	*AT(pvh_entry)

	.balign 8
gdt:
	.quad	0
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x10: 32-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
	.quad	0x0000890000000067	/* 0x20: TSS */
gdt_ptr:
	.word	5 * 8 - 1
	.quad	AT(gdt)
leave:
	.long	AT(protected)
	.word	0x10
	.balign 4
pvh_entry:
	.long	0
pvh_end:
	.section .note.GNU-stack, "", @progbits
