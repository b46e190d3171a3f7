/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_ELFINFO_H
#define KT_INITRD_ELFINFO_H

#include <stdbool.h>
#include <stddef.h>

#include "errbuf.h"

/* What the dynamic loader would read from an ELF file. */
enum elf_kind {
	ELF_NOT,     /* no ELF file at all */
	ELF_DATA,    /* ELF, but nothing that is loaded as program or library (an object, a core) */
	ELF_FOREIGN, /* a program or library for another machine than kt's own */
	ELF_IMAGE,   /* a program or library for this machine */
};

struct elf_info {
	enum elf_kind kind;
	char *interp;          /* PT_INTERP, or NULL */
	char *rpath, *runpath; /* or NULL */
	char **needed;
	size_t nneeded;
	bool debug; /* has debug sections worth stripping */
};

/* Returns 0, or -errno with the reason: the file is unreadable, or its ELF data are invalid. */
int elf_read(const char *path, struct elf_info *info, struct errbuf *e);
void elf_free(struct elf_info *info);

#endif
