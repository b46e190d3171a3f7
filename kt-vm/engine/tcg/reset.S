/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the boot CPU runs at reset on the tcg engine: from the reset vector in
 * real mode to the kernel's entry point in long mode. tcg.c copies this to
 * RESET_BASE, 4 KiB below 4 GiB, and fills in reset_entry. Memory was prepared
 * before (machine.c): page tables at 0x9000, boot_params at 0x7000.
 */
#define RESET_BASE 0xfffff000
#define AT(label)  (RESET_BASE + (label) - reset_start)

	.section .rodata
	.globl reset_start, reset_end, reset_entry

	.code16
reset_start:
	cli
	/* cs.base is 0xffff0000 after reset, so offsets count from there */
	lgdtl	%cs:(0xf000 + gdt_ptr - reset_start)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	$8, $AT(protected)

	.code32
protected:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss

	/*
	 * The ACPI tables promise PM1 registers at 0x600 (power-off). Firmware
	 * would place them: PMBASE and ACPI_EN of the ICH9 LPC bridge, 00:1f.0.
	 */
	movl	$0x8000f840, %eax
	movw	$0xcf8, %dx
	outl	%eax, %dx
	movl	$0x601, %eax
	movw	$0xcfc, %dx
	outl	%eax, %dx
	movl	$0x8000f844, %eax
	movw	$0xcf8, %dx
	outl	%eax, %dx
	movb	$0x80, %al
	movw	$0xcfc, %dx
	outb	%al, %dx

	/* IA32_MTRR_DEF_TYPE: write-back, enabled; a kernel with MTRRs trims RAM otherwise */
	movl	$0x2ff, %ecx
	movl	$0xc06, %eax
	xorl	%edx, %edx
	wrmsr

	movl	%cr4, %eax
	orl	$0x20, %eax		/* PAE */
	movl	%eax, %cr4
	movl	$0x9000, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx	/* EFER.LME */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000000, %eax	/* PG */
	movl	%eax, %cr0
	ljmpl	$0x10, $AT(long_mode)

	.code64
long_mode:
	movl	$0x7000, %esi		/* boot_params */
	movl	$AT(reset_entry), %eax
	movq	(%rax), %rax
	jmp	*%rax

	.balign 8
reset_entry:
	.quad	0
	/* 64-bit boot protocol: __BOOT_CS is 0x10, __BOOT_DS is 0x18 */
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: 32-bit code */
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff	/* 0x18: data */
gdt_ptr:
	.word	4 * 8 - 1
	.long	AT(gdt)
reset_end:
	.section .note.GNU-stack, "", @progbits
