// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols.h"

#define SYMBOLS_MAX (4U << 20) /* a kernel with everything in it has a tenth */
#define SLOTS       128        /* at least twice KS_COUNT, and a power of two */

static const char *const names[KS_COUNT] = {
	[KS_LINUX_BANNER] = "linux_banner",
	[KS_INIT_TOP_PGT] = "init_top_pgt",
	[KS_PHYS_BASE] = "phys_base",
	[KS_PAGE_OFFSET_BASE] = "page_offset_base",
	[KS_L5_ENABLED] = "__pgtable_l5_enabled",
	[KS_NR_CPU_IDS] = "nr_cpu_ids",
	[KS_PER_CPU_OFFSET] = "__per_cpu_offset",
	[KS_PER_CPU_START] = "__per_cpu_start",
	[KS_PER_CPU_END] = "__per_cpu_end",
	[KS_STEXT] = "_stext",
	[KS_ETEXT] = "_etext",
	[KS_SINITTEXT] = "_sinittext",
	[KS_EINITTEXT] = "_einittext",
	[KS_JIFFIES] = "jiffies_64",
	[KS_RUNQUEUES] = "runqueues",
	[KS_SD_FLAG_DEBUG] = "sd_flag_debug",
	[KS_MAP_IDR] = "map_idr",
	[KS_PROG_IDR] = "prog_idr",
	[KS_BPF_KALLSYMS] = "bpf_kallsyms",
	[KS_GLOBAL_TRACE] = "global_trace",
	[KS_EVENT_SWITCH] = "event_sched_switch",
	[KS_EVENT_WAKEUP] = "event_sched_wakeup",
	[KS_EVENT_MIGRATE] = "event_sched_migrate_task",
	[KS_SCX_ROOT] = "scx_root",
	/* the scheduler's own, in kernels up to 6.15: kernel/probe.c */
	[KS_SCX_DSQ_HASH] = "dsq_hash",
	[KS_SCX_EXIT_KIND] = "scx_exit_kind",
	[KS_SCX_EXIT_INFO] = "scx_exit_info",
	[KS_SCX_OPS] = "scx_ops",
	[KS_SCX_EVENTS] = "event_stats_cpu",
	[KS_SCX_BYPASS_DEPTH] = "scx_ops_bypass_depth",
	[KS_SCX_STATE] = "scx_enable_state_var",
	[KS_SCX_STATE_EARLY] = "scx_ops_enable_state_var",
	[KS_TICK_SCHED] = "tick_cpu_sched",
	[KS_CPUSTAT] = "kernel_cpustat",
	[KS_TK_CORE] = "tk_core",
	[KS_TK_DATA] = "timekeeper_data", /* from 6.17 on: the first of several */
	[KS_CPU_ACTIVE] = "__cpu_active_mask",
	[KS_CPU_ONLINE] = "__cpu_online_mask",
	[KS_CLASS_STOP] = "stop_sched_class",
	[KS_CLASS_DL] = "dl_sched_class",
	[KS_CLASS_RT] = "rt_sched_class",
	[KS_CLASS_FAIR] = "fair_sched_class",
	[KS_CLASS_EXT] = "ext_sched_class",
	[KS_CLASS_IDLE] = "idle_sched_class",
};

struct ksym_function {
	uint32_t offset; /* from _stext */
	uint32_t number; /* of the symbol */
};

int ksym_open(struct ksym *k, const char *path, struct errbuf *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	memset(k, 0, sizeof(*k));
	if (fd < 0 || fstat(fd, &st)) {
		int err = errno;

		if (fd >= 0)
			close(fd);
		return errbuf_set(e, -err, "unable to open %s: %s", path, strerror(err));
	}
	k->len = (size_t)st.st_size;
	k->map = mmap(NULL, k->len, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (k->map == MAP_FAILED) {
		k->map = NULL;
		return errbuf_set(e, -errno, "unable to map %s: %s", path, strerror(errno));
	}
	return 0;
}

static Elf_Scn *find_section(const struct ksym *k, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	const char *s;
	size_t strings;

	if (elf_getshdrstrndx(k->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(k->elf, scn))) {
		if (!gelf_getshdr(scn, sh))
			continue;
		s = elf_strptr(k->elf, strings, sh->sh_name);
		if (s && strcmp(s, name) == 0)
			return scn;
	}
	return NULL;
}

/* ---- going through the file -------------------------------------------------------- */

/* Does symbol i of the table name something of the kernel? */
static bool counts(const struct ksym *k, uint32_t i)
{
	unsigned int type = ELF64_ST_TYPE(k->table[i].st_info);

	return k->table[i].st_shndx != SHN_UNDEF && type != STT_SECTION && type != STT_FILE;
}

/* open_table() has seen that the last of the strings ends. */
static const char *table_name(const struct ksym *k, uint32_t i)
{
	uint32_t at = k->table[i].st_name;

	return at < k->strings_len ? k->strings + at : "";
}

static uint64_t address(const struct ksym *k, uint32_t i)
{
	return k->table ? k->table[i].st_value : kallsyms_addr(&k->own, i);
}

static uint64_t size_of(const struct ksym *k, uint32_t i)
{
	return k->table ? k->table[i].st_size : kallsyms_size(&k->own, i);
}

/* All symbols that have a name, in the file's order. */
struct walk {
	const struct ksym *k;
	uint32_t next, at; /* at: the next name's place in kallsyms */
	char buf[KALLSYMS_NAME_MAX];
	/* the one that has been reached */
	const char *name;
	uint32_t number;
};

static void begin(struct walk *w, const struct ksym *k)
{
	w->k = k;
	w->next = 0;
	w->at = k->n && !k->table ? kallsyms_where(&k->own, 0) : 0;
}

static bool next(struct walk *w)
{
	const struct ksym *k = w->k;

	while (w->next < k->n) {
		w->number = w->next++;
		w->name = w->buf;
		if (!k->table)
			w->at = kallsyms_name(&k->own, w->at, w->buf);
		else if (counts(k, w->number))
			w->name = table_name(k, w->number);
		else
			continue;
		if (*w->name)
			return true;
	}
	return false;
}

/* ---- what is kept ------------------------------------------------------------------ */

/* FNV-1a. */
static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return h;
}

/* A hash table of what is looked for: enum ksymbol, KS_NONE for free slots. */
static unsigned int slot_of(const uint8_t slot[SLOTS], const char *name)
{
	unsigned int i = hash(name) & (SLOTS - 1);

	while (slot[i] && strcmp(names[slot[i]], name))
		i = (i + 1) & (SLOTS - 1);
	return i;
}

static void find_known(struct ksym *k)
{
	uint8_t slot[SLOTS] = { 0 };
	unsigned int i, found;
	struct walk w;

	for (i = KS_NONE + 1; i < KS_COUNT; i++)
		slot[slot_of(slot, names[i])] = (uint8_t)i;
	for (begin(&w, k); next(&w);) {
		found = slot[slot_of(slot, w.name)];
		if (found == KS_NONE || k->has[found])
			continue;
		k->known[found] = address(k, w.number);
		k->has[found] = true;
	}
}

static int by_address(const void *a, const void *b)
{
	const struct ksym_function *f = a, *g = b;
	uint64_t x = (uint64_t)f->offset << 32 | f->number;
	uint64_t y = (uint64_t)g->offset << 32 | g->number;

	return (x > y) - (x < y);
}

/* Kernel text is between these two symbols; data symbols would shadow functions. */
static bool in_text(const struct ksym *k, uint32_t i)
{
	uint64_t first = k->known[KS_STEXT], last = k->known[KS_EINITTEXT], addr = address(k, i);

	return (!k->table || counts(k, i)) && addr >= first && addr - first <= UINT32_MAX &&
	       (!k->has[KS_EINITTEXT] || addr < last);
}

static int sort_functions(struct ksym *k, struct errbuf *e)
{
	uint32_t i;

	/* pages of it that stay unused are never there */
	k->function = calloc(k->n, sizeof(*k->function));
	if (!k->function)
		return errbuf_set(e, -ENOMEM, "no memory for the symbols of vmlinux");
	for (i = 0; i < k->n && k->has[KS_STEXT]; i++)
		if (in_text(k, i))
			k->function[k->functions++] = (struct ksym_function){
				.offset = (uint32_t)(address(k, i) - k->known[KS_STEXT]),
				.number = i
			};
	qsort(k->function, k->functions, sizeof(*k->function), by_address);
	return 0;
}

/* ---- loading ----------------------------------------------------------------------- */

/* A stripped vmlinux: what the kernel itself has of its symbols. */
static int open_kallsyms(struct ksym *k, struct errbuf *e)
{
	const void *rodata;
	uint64_t addr;
	size_t len;
	int rc;

	rodata = ksym_section(k, ".rodata", &len, &addr);
	if (!rodata)
		return errbuf_set(e, -ENOEXEC, "vmlinux has neither .symtab nor .rodata");
	rc = kallsyms_find(&k->own, rodata, len, addr, e);
	k->n = rc ? 0 : k->own.n;
	return rc;
}

static int open_table(struct ksym *k, Elf_Scn *scn, size_t strings, struct errbuf *e)
{
	Elf_Data *symbols = elf_getdata(scn, NULL);
	Elf_Data *names = elf_getdata(elf_getscn(k->elf, strings), NULL);
	size_t n = symbols ? symbols->d_size / sizeof(Elf64_Sym) : 0;

	if (gelf_getclass(k->elf) != ELFCLASS64 || !n || n > SYMBOLS_MAX)
		return errbuf_set(e, -ENOEXEC, "vmlinux has a symbol table of %zu symbols", n);
	if (!names || !names->d_size || ((const char *)names->d_buf)[names->d_size - 1])
		return errbuf_set(e, -ENOEXEC, "vmlinux has a symbol table without names");
	k->table = symbols->d_buf;
	k->strings = names->d_buf;
	k->strings_len = names->d_size;
	k->n = (uint32_t)n;
	return 0;
}

int ksym_load(struct ksym *k, struct errbuf *e)
{
	GElf_Shdr sh;
	Elf_Scn *scn;
	int rc;

	elf_version(EV_CURRENT);
	k->elf = elf_memory(k->map, k->len);
	if (!k->elf || elf_kind(k->elf) != ELF_K_ELF)
		return errbuf_set(e, -ENOEXEC, "vmlinux is no ELF file");
	scn = find_section(k, ".symtab", &sh);
	rc = scn ? open_table(k, scn, sh.sh_link, e) : open_kallsyms(k, e);
	if (rc)
		return rc;
	find_known(k);
	if (!k->table && !k->has[KS_LINUX_BANNER])
		return errbuf_set(e, -ENOENT,
				  "vmlinux has no symbol table, and functions only in kallsyms "
				  "(CONFIG_KALLSYMS_ALL is needed)");
	return sort_functions(k, e);
}

void ksym_rest(const struct ksym *k)
{
	madvise(k->map, k->len, MADV_DONTNEED);
}

void ksym_free(struct ksym *k)
{
	if (k->elf)
		elf_end(k->elf);
	if (k->map)
		munmap(k->map, k->len);
	free(k->function);
	memset(k, 0, sizeof(*k));
}

/* ---- looking up -------------------------------------------------------------------- */

bool ksym_known(const struct ksym *k, enum ksymbol symbol, uint64_t *addr)
{
	*addr = k->known[symbol];
	return k->has[symbol];
}

bool ksym_find(const struct ksym *k, const char *name, struct ksym_entry *s)
{
	struct walk w;

	for (begin(&w, k); next(&w);)
		if (strcmp(w.name, name) == 0) {
			*s = (struct ksym_entry){ address(k, w.number), size_of(k, w.number),
						  w.number };
			return true;
		}
	return false;
}

bool ksym_function(const struct ksym *k, uint64_t addr, struct ksym_entry *s)
{
	uint64_t first = k->known[KS_STEXT], of;
	size_t lo = 0, hi, mid;

	for (hi = addr < first ? 0 : k->functions; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if (k->function[mid].offset <= addr - first)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* markers such as _stext have no size and share their address with a function that has
	 * one; of several names for one function the first is the kernel's choice, too */
	for (s->size = 0; lo; lo--) {
		const struct ksym_function *f = &k->function[lo - 1];

		if (s->size && first + f->offset != s->addr)
			break;
		of = size_of(k, f->number);
		if (of)
			*s = (struct ksym_entry){ first + f->offset, of, f->number };
	}
	return s->size && addr - s->addr < s->size;
}

void ksym_name(const struct ksym *k, const struct ksym_entry *s, char *buf, size_t size)
{
	char name[KALLSYMS_NAME_MAX];

	if (!k->table)
		kallsyms_name(&k->own, kallsyms_where(&k->own, s->number), name);
	snprintf(buf, size, "%s", k->table ? table_name(k, s->number) : name);
}

const void *ksym_section(const struct ksym *k, const char *name, size_t *len, uint64_t *addr)
{
	GElf_Shdr sh;

	if (!find_section(k, name, &sh) || sh.sh_type == SHT_NOBITS || sh.sh_offset > k->len ||
	    sh.sh_size > k->len - sh.sh_offset)
		return NULL;
	*len = sh.sh_size;
	if (addr)
		*addr = sh.sh_addr;
	return (const char *)k->map + sh.sh_offset;
}

const void *ksym_bytes(const struct ksym *k, uint64_t addr, size_t len)
{
	GElf_Phdr ph;
	size_t i, n;

	if (elf_getphdrnum(k->elf, &n))
		return NULL;
	for (i = 0; i < n; i++)
		if (gelf_getphdr(k->elf, (int)i, &ph) && ph.p_type == PT_LOAD &&
		    addr >= ph.p_vaddr && len <= ph.p_filesz &&
		    addr - ph.p_vaddr <= ph.p_filesz - len && ph.p_offset <= k->len &&
		    ph.p_filesz <= k->len - ph.p_offset)
			return (const char *)k->map + ph.p_offset + (addr - ph.p_vaddr);
	return NULL;
}
