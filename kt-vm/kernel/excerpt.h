/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_EXCERPT_H
#define KT_VM_KERNEL_EXCERPT_H

#include <bpf/btf.h>
#include <stddef.h>

/*
 * A few types of a BTF, and those that they hold: a kernel has 70000, which are 3 MiB, and what is
 * shown of its structs in each run are some dozens. What a pointer leads to is left out.
 */
struct kexcerpt_name {
	const char *name;
	unsigned int kind; /* BTF_KIND_STRUCT, BTF_KIND_ENUM */
};

/* Those of these that there are, under numbers of their own; NULL: no memory. */
struct btf *kexcerpt(const struct btf *from, const struct kexcerpt_name *want, size_t n);

#endif
