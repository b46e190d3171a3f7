/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_KALLSYMS_H
#define KT_VM_KERNEL_KALLSYMS_H

#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"

/*
 * The symbols that a kernel carries for itself (CONFIG_KALLSYMS): they are left when a
 * distribution has stripped the rest. Nothing says where these tables are; they are known by
 * their structure, as scripts/kallsyms.c of Linux 6.1, and of 6.5 and later, lays them out. They
 * are read where they are, as the kernel does it.
 *
 * They say no sizes: a symbol reaches up to the next one.
 */
#define KALLSYMS_NAME_MAX 512 /* KSYM_NAME_LEN of the kernel; a longer name is cut */

enum kallsyms_place {
	KALLSYMS_BY_BASE,    /* relative_base (a u64 behind the offsets) plus the offset */
	KALLSYMS_BUT_PERCPU, /* until 6.14: so if negative, -1 being 0; else the address itself */
	KALLSYMS_BY_PLACE,   /* from 7.0 on: where the offset is plus the offset; no base */
};

struct kallsyms {
	const uint8_t *data;
	size_t len, align;
	uint64_t addr; /* of data */
	/* where they are in data */
	size_t index, tokens, markers, names, offsets;
	uint32_t nmarkers, n; /* n: symbols, in the order of their addresses */
	enum kallsyms_place place;
	uint64_t base;
};

/* In a kernel's .rodata, which is linked for `addr`, and must stay. 0 or -errno with words. */
int kallsyms_find(struct kallsyms *t, const void *rodata, size_t len, uint64_t addr,
		  struct errbuf *e);
/* Of symbol i. */
uint64_t kallsyms_addr(const struct kallsyms *t, uint32_t i);
uint64_t kallsyms_size(const struct kallsyms *t, uint32_t i);
/* Where its name is; and the name that is there, which returns where the next symbol's is. */
uint32_t kallsyms_where(const struct kallsyms *t, uint32_t i);
uint32_t kallsyms_name(const struct kallsyms *t, uint32_t at, char name[KALLSYMS_NAME_MAX]);

#endif
