// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kallsyms.h"
#include "ksym.h"

#define SYMBOLS_MAX (4U << 20) /* a kernel with everything in it has a tenth */

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

/* FNV-1a. */
static uint32_t hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return h;
}

static void insert(struct ksym *k, uint32_t index)
{
	const char *name = k->entry[index].name;
	size_t slot = hash(name) & (k->slots - 1);

	while (k->by_name[slot]) {
		if (strcmp(k->entry[k->by_name[slot] - 1].name, name) == 0)
			return;
		slot = (slot + 1) & (k->slots - 1);
	}
	k->by_name[slot] = index + 1;
}

/* Names live in the file's string table, which libelf has checked to end in a NUL byte. */
static int fill(struct ksym *k, Elf_Data *data, size_t n, size_t strings)
{
	GElf_Sym sym;
	size_t i;

	for (i = 1; i < n; i++) {
		const char *name;
		unsigned int type;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		type = GELF_ST_TYPE(sym.st_info);
		if (type == STT_SECTION || type == STT_FILE)
			continue;
		name = elf_strptr(k->elf, strings, sym.st_name);
		if (!name || !*name)
			continue;
		k->entry[k->n] = (struct ksym_entry){ sym.st_value, sym.st_size, name };
		insert(k, (uint32_t)k->n++);
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

static int make_index(struct ksym *k, size_t n)
{
	for (k->slots = 1024; k->slots < 2 * n; k->slots *= 2)
		;
	k->by_name = calloc(k->slots, sizeof(*k->by_name));
	return k->by_name ? 0 : -ENOMEM;
}

static int load_symtab(struct ksym *k, Elf_Data *data, size_t strings, struct errbuf *e)
{
	size_t n = data->d_size / sizeof(Elf64_Sym);

	if (!n || n > SYMBOLS_MAX)
		return errbuf_set(e, -ENOEXEC, "vmlinux has a symbol table of %zu symbols", n);
	k->entry = calloc(n, sizeof(*k->entry));
	if (!k->entry || make_index(k, n))
		return errbuf_set(e, -ENOMEM, "no memory for the symbols of vmlinux");
	return fill(k, data, n, strings);
}

/* A stripped vmlinux: what the kernel itself has of its symbols. */
static int load_kallsyms(struct ksym *k, struct errbuf *e)
{
	struct kallsyms own;
	const void *rodata;
	uint64_t addr;
	size_t len;
	int rc;

	rodata = ksym_section(k, ".rodata", &len, &addr);
	if (!rodata)
		return errbuf_set(e, -ENOEXEC, "vmlinux has neither .symtab nor .rodata");
	rc = kallsyms_read(&own, rodata, len, addr, e);
	if (rc)
		return rc;
	k->entry = own.entry;
	k->names = own.names;
	if (make_index(k, own.n))
		return errbuf_set(e, -ENOMEM, "no memory for the symbols of vmlinux");
	while (k->n < own.n)
		insert(k, (uint32_t)k->n++);
	if (!ksym_find(k, "linux_banner"))
		return errbuf_set(e, -ENOENT,
				  "vmlinux has no symbol table, and functions only in kallsyms "
				  "(CONFIG_KALLSYMS_ALL is needed)");
	return 0;
}

int ksym_load(struct ksym *k, struct errbuf *e)
{
	Elf_Data *data;
	Elf_Scn *scn;
	GElf_Shdr sh;

	elf_version(EV_CURRENT);
	k->elf = elf_memory(k->map, k->len);
	if (!k->elf || elf_kind(k->elf) != ELF_K_ELF)
		return errbuf_set(e, -ENOEXEC, "vmlinux is no ELF file");
	scn = find_section(k, ".symtab", &sh);
	data = scn ? elf_getdata(scn, NULL) : NULL;
	return data ? load_symtab(k, data, sh.sh_link, e) : load_kallsyms(k, e);
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
	free(k->entry);
	free(k->names);
	free(k->by_name);
	free(k->by_addr);
	memset(k, 0, sizeof(*k));
}

const struct ksym_entry *ksym_find(const struct ksym *k, const char *name)
{
	size_t slot = hash(name) & (k->slots - 1);

	if (!k->slots)
		return NULL;
	for (; k->by_name[slot]; slot = (slot + 1) & (k->slots - 1))
		if (strcmp(k->entry[k->by_name[slot] - 1].name, name) == 0)
			return &k->entry[k->by_name[slot] - 1];
	return NULL;
}

static int by_addr(const void *a, const void *b, void *arg)
{
	const struct ksym_entry *s = arg;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

	if (s[i].addr != s[j].addr)
		return s[i].addr > s[j].addr ? 1 : -1;
	return (i > j) - (i < j);
}

/* Kernel text is between these two symbols; data symbols would shadow functions. */
static bool sort_functions(struct ksym *k)
{
	const struct ksym_entry *first = ksym_find(k, "_stext"), *last = ksym_find(k, "_einittext");
	size_t i;

	if (!first)
		return false;
	k->by_addr = malloc(k->n * sizeof(*k->by_addr));
	if (!k->by_addr)
		return false;
	for (i = 0; i < k->n; i++)
		if (k->entry[i].addr >= first->addr && (!last || k->entry[i].addr < last->addr))
			k->by_addr[k->functions++] = (uint32_t)i;
	qsort_r(k->by_addr, k->functions, sizeof(*k->by_addr), by_addr, k->entry);
	return true;
}

const struct ksym_entry *ksym_function(struct ksym *k, uint64_t addr)
{
	const struct ksym_entry *s, *found = NULL;
	size_t lo = 0, hi, mid;

	if (!k->by_addr && !sort_functions(k))
		return NULL;
	for (hi = k->functions; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if (k->entry[k->by_addr[mid]].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* markers such as _stext have no size and share their address with a function that has
	 * one; of several names for one function the first is the kernel's choice, too */
	for (; lo; lo--) {
		s = &k->entry[k->by_addr[lo - 1]];
		if (found && s->addr != found->addr)
			break;
		if (s->size)
			found = s;
	}
	return found && addr - found->addr < found->size ? found : NULL;
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
