/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KALLSYMS_H
#define KT_KALLSYMS_H

#include "ksym.h"

/*
 * The symbols that a kernel carries for itself (CONFIG_KALLSYMS): they are left when a
 * distribution has stripped the rest. Nothing says where these tables are; they are known by
 * their structure, as scripts/kallsyms.c of Linux 6.1, and of 6.5 and later, lays them out.
 *
 * They say no sizes: a symbol reaches up to the next one.
 */
struct kallsyms {
	struct ksym_entry *entry; /* by address, as they are in the kernel */
	char *names;              /* what the entries' names point into */
	size_t n;
};

/* From a kernel's .rodata, which is linked for `addr`. 0 or -errno with words. */
int kallsyms_read(struct kallsyms *k, const void *rodata, size_t len, uint64_t addr,
		  struct errbuf *e);
void kallsyms_free(struct kallsyms *k);

#endif
