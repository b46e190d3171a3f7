/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_PATH_H
#define KT_VM_KERNEL_PATH_H

#include "btf.h"
#include "mem.h"

/*
 * A kernel object by an expression as one would write it in C:
 *
 *	runqueues[2].cfs.nr_running	a per-CPU variable, on CPU 2
 *	scx_exit_info->reason		pointers are followed by -> or by . alike
 *	(struct task_struct)init_task.comm	a cast, where BTF does not know the variable
 *
 * BTF knows per-CPU variables; the types of a few others that kt reads are in a table here.
 */
struct kpath {
	uint64_t gva;
	struct kfield f; /* offset 0; type, size and bits of what is at gva */
};

/* Follows the expression through the guest's memory: 0, or -errno with words that say where it
 * ends. */
int kpath_find(const struct kmem *m, const struct btf *btf, const char *expr, struct kpath *p,
	       struct errbuf *e);
/* The value as JSON; a pointer to char is read as the string that it points to. */
struct json_object *kpath_json(const struct kmem *m, const struct btf *btf, const struct kpath *p,
			       struct errbuf *e);

#endif
