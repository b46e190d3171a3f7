/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_MEM_H
#define KT_VM_KERNEL_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"
#include "machine/gmem.h"
#include "symbols.h"

/*
 * The memory of the guest kernel by its own virtual addresses (GVA), read from outside,
 * whether its CPUs run or not. Where things are is found from guest state alone, with
 * KASLR on or off: the kernel's banner tells the physical slide (kernels are aligned to
 * 2 MiB, so there are few places to look), `phys_base` the virtual one, `init_top_pgt`
 * is the root of the page tables. Layout: Documentation/arch/x86/x86_64/mm.rst.
 *
 * The guest may lie and may change what is read while it is read: every read is a bounded
 * copy into our memory, and no walk is longer than a page table is deep. What a list, a table
 * or a map that lies may cost in all is bounded, too: whoever reads sets `work`, each read takes
 * 1 from it and 1 more for every 64 bytes, and all reads fail once nothing is left.
 */
#define KMEM_START_KERNEL_MAP 0xffffffff80000000ULL

struct kmem {
	const struct gmem *ram;
	const struct ksym *sym;
	uint64_t phys_slide, virt_slide; /* added to what vmlinux was linked for; may wrap */
	uint64_t root;                   /* GPA of the top-level page table */
	uint64_t page_offset;            /* GVA of the direct map of physical memory */
	unsigned int levels;             /* 4 or 5 */
	unsigned int cpus;               /* CPU numbers are below this (nr_cpu_ids) */
	uint64_t *work;                  /* that reading may still cost; NULL: any */
	bool attached;
};

void kmem_init(struct kmem *m, const struct gmem *ram, const struct ksym *sym);
/*
 * Finds the kernel: 0, -EAGAIN while it is not there yet (before its page tables are
 * complete), or -errno with words for a vmlinux that cannot be this guest's.
 */
int kmem_attach(struct kmem *m, struct errbuf *e);

/* Takes so much from the work that is left: false when that is not enough, and nothing is left. */
bool kmem_spend(const struct kmem *m, uint64_t work);
/* Reads fail because nothing is left. */
bool kmem_spent(const struct kmem *m);
/* The GPA of a GVA, and how many bytes behind it are in the same page. 0 or -EFAULT. */
int kmem_translate(const struct kmem *m, uint64_t gva, uint64_t *gpa, uint64_t *left);
/* A copy of guest memory; 0 or -EFAULT, then `buf` is undefined. */
int kmem_read(const struct kmem *m, uint64_t gva, void *buf, size_t len);
/* An unsigned number of 1, 2, 4 or 8 bytes, in one access where it is aligned. 0 or -EFAULT. */
int kmem_number(const struct kmem *m, uint64_t gva, unsigned int size, uint64_t *v);
/* A string of at most size - 1 bytes, "" where it cannot be read. Its length or -EFAULT. */
int kmem_string(const struct kmem *m, uint64_t gva, char *buf, size_t size);
int kmem_write(const struct kmem *m, uint64_t gva, const void *data, size_t len);

/* The GVA of what is linked for an address; of a symbol, 0: vmlinux has no such one. */
uint64_t kmem_slid(const struct kmem *m, uint64_t link);
uint64_t kmem_symbol(const struct kmem *m, enum ksymbol symbol);
/* Of a per-CPU symbol: that of `cpu`. 0: there is no such CPU. */
uint64_t kmem_percpu(const struct kmem *m, uint64_t symbol, unsigned int cpu);

#endif
