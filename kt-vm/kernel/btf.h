/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_BTF_H
#define KT_VM_KERNEL_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>

#include "errbuf.h"

/*
 * BTF of a BPF program comes from the guest's memory and may say anything: types that contain
 * themselves, names of any bytes. Every search is bounded.
 *
 * Where members are: types by name, members by dotted path, through anonymous structs and
 * unions, from BTF (libbpf's reader). A field is looked up once and read many times.
 */
struct kfield {
	uint32_t type;     /* BTF id behind typedefs and qualifiers */
	uint32_t offset;   /* bytes from the start of the object that the path began at */
	uint32_t size;     /* bytes; of a bit field those that hold it */
	uint8_t bit, bits; /* of a bit field: its place within the bytes; bits 0: none */
	bool is_signed;
	bool known; /* false: this kernel has no such member */
};

/* A name that BTF has, as text that is safe to show: "" for none, "?" for what is no name. */
const char *kbtf_name(const struct btf *btf, uint32_t off);
/* Behind typedefs, const, volatile, restrict, type tags. 0 stays 0 (void). */
uint32_t kbtf_strip(const struct btf *btf, uint32_t type);
/* Is a number of this type, an int or an enum, signed? */
bool kbtf_is_signed(const struct btf_type *t);
/* A struct or union by name: its id, or 0. */
uint32_t kbtf_struct(const struct btf *btf, const char *name);
/*
 * The member at a path such as "cfs.nr_running" or "stats[2].count" of a struct or union.
 * Pointers are not followed. 0, or -ENOENT: it has no such member, with words that list what
 * it has at the place where the path fails (`e` may be NULL).
 */
int kbtf_member(const struct btf *btf, uint32_t type, const char *path, struct kfield *f,
		struct errbuf *e);
/* The type that a pointer points to, or 0. */
uint32_t kbtf_target(const struct btf *btf, uint32_t type);
/* The type of a per-CPU or BPF global variable, or 0. */
uint32_t kbtf_variable(const struct btf *btf, const char *name);

#endif
