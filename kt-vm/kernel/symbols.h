/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_SYMBOLS_H
#define KT_VM_KERNEL_SYMBOLS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"
#include "kallsyms.h"

/*
 * The symbols and sections of the vmlinux that the guest runs: a file on the host, trusted
 * no further than that its lengths are checked. It is mapped, not read. Symbols are those of its
 * symbol table, or of a stripped one those that the kernel itself carries (kallsyms.h).
 * Addresses are those that it was linked for (KASLR moves them: kernel/mem.h).
 *
 * A kernel has 60000 symbols and more. Kept are where those are that kt-vm itself asks for
 * (ksymbol), and what is needed to find the function of an address; any other is looked for in
 * the file.
 */
enum ksymbol {
	KS_NONE, /* no symbol */
	KS_LINUX_BANNER,
	KS_INIT_TOP_PGT,
	KS_PHYS_BASE,
	KS_PAGE_OFFSET_BASE,
	KS_L5_ENABLED,
	KS_NR_CPU_IDS,
	KS_PER_CPU_OFFSET,
	KS_PER_CPU_START,
	KS_PER_CPU_END,
	KS_STEXT,
	KS_ETEXT,
	KS_SINITTEXT,
	KS_EINITTEXT,
	KS_JIFFIES,
	KS_RUNQUEUES,
	KS_SD_FLAG_DEBUG,
	KS_MAP_IDR,
	KS_PROG_IDR,
	KS_BPF_KALLSYMS,
	KS_GLOBAL_TRACE,
	KS_EVENT_SWITCH,
	KS_EVENT_WAKEUP,
	KS_EVENT_MIGRATE,
	KS_SCX_ROOT,
	KS_SCX_DSQ_HASH,
	KS_SCX_EXIT_KIND,
	KS_SCX_EXIT_INFO,
	KS_SCX_OPS,
	KS_SCX_EVENTS,
	KS_SCX_BYPASS_DEPTH,
	KS_SCX_STATE,
	KS_SCX_STATE_EARLY,
	KS_TICK_SCHED,
	KS_CPUSTAT,
	KS_TK_CORE,
	KS_TK_DATA,
	KS_CPU_ACTIVE,
	KS_CPU_ONLINE,
	KS_CLASS_STOP,
	KS_CLASS_DL,
	KS_CLASS_RT,
	KS_CLASS_FAIR,
	KS_CLASS_EXT,
	KS_CLASS_IDLE,
	KS_COUNT
};

struct ksym_entry {
	uint64_t addr, size;
	uint32_t number; /* in the file */
};

struct ksym {
	void *map;
	size_t len;
	void *elf;              /* Elf *, of libelf, over the mapping */
	const Elf64_Sym *table; /* in the file; NULL: it is stripped */
	const char *strings;    /* its names */
	size_t strings_len;
	struct kallsyms own; /* without a table */
	uint32_t n;          /* symbols of either */
	uint64_t known[KS_COUNT];
	bool has[KS_COUNT];
	struct ksym_function *function; /* by address */
	size_t functions;
};

/* Maps the file; nothing is parsed before ksym_load(). -errno with words. */
int ksym_open(struct ksym *k, const char *path, struct errbuf *e);
/* Reads the symbols. Opens no file: it may run behind a seccomp filter. */
int ksym_load(struct ksym *k, struct errbuf *e);
/*
 * The file has been read, for now: the process has no pages of it any more. They stay in the host's
 * cache, and come back when touched.
 */
void ksym_rest(const struct ksym *k);
void ksym_free(struct ksym *k);

/* Where a symbol is that kt-vm knows; false: this kernel has none of the name. */
bool ksym_known(const struct ksym *k, enum ksymbol symbol, uint64_t *addr);
/* Any symbol by name, of several local ones the first: a search through the file, of a ms. */
bool ksym_find(const struct ksym *k, const char *name, struct ksym_entry *s);
/* The function that `addr` is in. */
bool ksym_function(const struct ksym *k, uint64_t addr, struct ksym_entry *s);
/* The name of a symbol, as far as there is room. */
void ksym_name(const struct ksym *k, const struct ksym_entry *s, char *buf, size_t size);
/* A section's bytes in the file (NULL: none, or it has none), and its address. */
const void *ksym_section(const struct ksym *k, const char *name, size_t *len, uint64_t *addr);
/* The bytes in the file for the link addresses [addr, addr + len), or NULL. */
const void *ksym_bytes(const struct ksym *k, uint64_t addr, size_t len);

#endif
