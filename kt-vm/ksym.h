/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KSYM_H
#define KT_KSYM_H

#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"

/*
 * The symbols and sections of the vmlinux that the guest runs: a file on the host, trusted
 * no further than that its lengths are checked. It is mapped, not read. Symbols are those of its
 * symbol table, or of a stripped one those that the kernel itself carries (kallsyms.h).
 * Addresses are those that it was linked for (KASLR moves them: kmem.h).
 */
struct ksym_entry {
	uint64_t addr, size;
	const char *name;
};

struct ksym {
	void *map;
	size_t len;
	void *elf;                /* Elf *, of libelf, over the mapping */
	struct ksym_entry *entry; /* in the file's order */
	char *names;              /* of kallsyms; else names are in the mapping */
	uint32_t *by_name;        /* hash table of indices + 1 */
	uint32_t *by_addr;        /* sorted indices of functions; made when first asked for */
	size_t n, slots, functions;
};

/* Maps the file; nothing is parsed before ksym_load(). -errno with words. */
int ksym_open(struct ksym *k, const char *path, struct errbuf *e);
/* Reads the symbols. Opens no file: it may run behind a seccomp filter. */
int ksym_load(struct ksym *k, struct errbuf *e);
/* The file has been read, for now: its pages need not be resident; they come back when touched. */
void ksym_rest(const struct ksym *k);
void ksym_free(struct ksym *k);

/* A symbol by name, or NULL. Of several local ones of a name, the first. */
const struct ksym_entry *ksym_find(const struct ksym *k, const char *name);
/* The function that `addr` is in, or NULL. */
const struct ksym_entry *ksym_function(struct ksym *k, uint64_t addr);
/* A section's bytes in the file (NULL: none, or it has none), and its address. */
const void *ksym_section(const struct ksym *k, const char *name, size_t *len, uint64_t *addr);
/* The bytes in the file for the link addresses [addr, addr + len), or NULL. */
const void *ksym_bytes(const struct ksym *k, uint64_t addr, size_t len);

#endif
