// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/kallsyms.c kt-vm/kernel/symbols.c
/* Tables as each layout has them, made here from names and addresses; then broken ones. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "kt-vm/kernel/symbols.h"
#include "unit.h"

#define SYMBOLS 700
#define PERCPU  5
#define BASE    0xffffffff81000000ULL
#define RODATA  0xffffffff82000000ULL
#define LONG    200 /* bytes of the longest name */

enum layout { LINUX_6_1, LINUX_6_12, LINUX_6_16, LINUX_7_0, LAYOUTS };

static uint8_t image[1 << 18];
static const char *banner = "linux_banner"; /* a name of data that each kernel has */
static size_t used, names_at, index_at, offsets_at;

static const char *name_of(unsigned int i)
{
	static char name[LONG + 1];

	if (i == 500)
		return banner;
	if (i == PERCPU)
		return "_stext";
	if (i == 300)
		memset(name, 'x', LONG);
	else
		snprintf(name, sizeof(name), "sched_symbol_%u", i);
	return name;
}

/* Per-CPU symbols come first where they have small numbers; two share an address. */
static uint64_t addr_of(enum layout l, unsigned int i)
{
	if (l <= LINUX_6_12 && i < PERCPU)
		return 16 * i;
	return BASE + 16 * (uint64_t)(i == 400 ? 399 : i);
}

static void put(const void *data, size_t len)
{
	memcpy(image + used, data, len);
	used += len;
}

static void put32(uint32_t v)
{
	put(&v, sizeof(v));
}

static void pad(size_t align)
{
	while (used % align)
		image[used++] = 0;
}

static void put_offsets(enum layout l)
{
	unsigned int i;

	offsets_at = used;
	for (i = 0; i < SYMBOLS; i++) {
		uint64_t addr = addr_of(l, i);

		if (l == LINUX_7_0)
			put32((uint32_t)(addr - RODATA - used));
		else if (l == LINUX_6_16)
			put32((uint32_t)(addr - BASE));
		else
			put32((uint32_t)(addr < BASE ? addr : BASE - 1 - addr));
	}
	pad(l == LINUX_7_0 ? 4 : 8);
	if (l != LINUX_7_0)
		put(&(uint64_t){ BASE }, 8);
}

/* The codes 1 and 2 stand for more than a character, those above 'z' for nothing. */
static void put_tokens(size_t align)
{
	uint16_t index[256];
	size_t start = used;
	unsigned int i;

	for (i = 0; i < 256; i++) {
		char c[2] = { (char)i };
		const char *token = i == 1 ? "Tsched_" : i == 2 ? "symbol_" : i > 'z' ? "" : c;

		index[i] = (uint16_t)(used - start);
		put(token, strlen(token) + 1);
	}
	pad(align);
	index_at = used;
	put(index, sizeof(index));
}

static void put_name(unsigned int i)
{
	const char *name = name_of(i), *rest = name;
	uint8_t code[LONG + 3];
	size_t n = 0;

	if (strncmp(name, "sched_symbol_", 13) == 0) {
		code[n++] = 1;
		code[n++] = 2;
		rest = name + 13;
	} else {
		code[n++] = 'd';
	}
	memcpy(code + n, rest, strlen(rest));
	n += strlen(rest);
	if (n > 127)
		put((uint8_t[]){ (uint8_t)(n | 0x80), (uint8_t)(n >> 7) }, 2);
	else
		put((uint8_t[]){ (uint8_t)n }, 1);
	put(code, n);
}

static void make(enum layout l)
{
	size_t align = l == LINUX_7_0 ? 4 : 8;
	uint32_t marker[SYMBOLS / 256 + 1], n = 0;
	unsigned int i;

	memset(image, 0, sizeof(image));
	used = 64;
	if (l == LINUX_6_1)
		put_offsets(l);
	put32(SYMBOLS);
	pad(align);
	names_at = used;
	for (i = 0; i < SYMBOLS; i++) {
		if (i % 256 == 0)
			marker[n++] = (uint32_t)(used - names_at);
		put_name(i);
	}
	pad(align);
	put(marker, 4 * n);
	pad(align);
	for (i = 0; l == LINUX_6_1 && i < SYMBOLS; i++)
		put((uint8_t[]){ 0xff, (uint8_t)(i >> 8), (uint8_t)i }, 3);
	pad(align);
	/* codes up to 'z' are one character each, and code 0 cannot be in a name */
	put_tokens(align);
	if (l != LINUX_6_1)
		put_offsets(l);
	used += 64;
}

static int read_it(struct kallsyms *k)
{
	struct errbuf e;

	return kallsyms_find(k, image, used, RODATA, &e);
}

TEST(layouts)
{
	char name[KALLSYMS_NAME_MAX];
	unsigned int l, i;
	struct kallsyms k;
	uint32_t at;

	for (l = 0; l < LAYOUTS; l++) {
		make(l);
		CHECK_INT(read_it(&k), 0);
		CHECK_INT(k.n, SYMBOLS);
		at = kallsyms_where(&k, 0);
		for (i = 0; i < k.n; i++) {
			CHECK_INT(kallsyms_where(&k, i), at);
			at = kallsyms_name(&k, at, name);
			CHECK_STR(name, name_of(i));
			CHECK(kallsyms_addr(&k, i) == addr_of(l, i));
		}
	}
}

TEST(sizes)
{
	struct kallsyms k;

	make(LINUX_6_12);
	CHECK_INT(read_it(&k), 0);
	if (k.n == SYMBOLS) {
		CHECK_INT(kallsyms_size(&k, 100), 16);
		CHECK_INT(kallsyms_size(&k, 399), 32); /* two names of one thing */
		CHECK_INT(kallsyms_size(&k, 400), 32);
		CHECK_INT(kallsyms_size(&k, PERCPU - 1), 0); /* behind it is another region */
		CHECK_INT(kallsyms_size(&k, SYMBOLS - 1), 0);
	}
}

TEST(what_does_not_fit_is_not_taken)
{
	struct kallsyms k;

	make(LINUX_6_12);
	image[names_at] ^= 1; /* the first name is longer than the marker says */
	CHECK_INT(read_it(&k), -ENOENT);
	make(LINUX_6_12);
	image[names_at - 8] ^= 1; /* one symbol less */
	CHECK_INT(read_it(&k), -ENOENT);
	make(LINUX_6_12);
	image[index_at + 100]++; /* a code that begins within another */
	CHECK_INT(read_it(&k), -ENOENT);
	make(LINUX_6_16);
	memset(image + offsets_at + 400, 0xff, 4); /* an address out of order */
	CHECK_INT(read_it(&k), -ENOENT);
	make(LINUX_7_0);
	used = offsets_at + 4 * SYMBOLS - 4; /* cut */
	CHECK_INT(read_it(&k), -ENOENT);
	used = 0;
	CHECK_INT(read_it(&k), -ENOENT);
}

/* A vmlinux of one section, .rodata, that is the image. */
static int load(struct ksym *k, struct errbuf *e)
{
	static const char names[] = "\0.rodata\0.shstrtab";
	static struct {
		Elf64_Ehdr h;
		Elf64_Shdr sh[3];
		char names[sizeof(names)];
		uint8_t image[sizeof(image)];
	} f;

	f.h = (Elf64_Ehdr){ .e_ident = ELFMAG "\2\1\1",
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = 1,
			    .e_shoff = (uint64_t)((char *)f.sh - (char *)&f),
			    .e_ehsize = sizeof(f.h),
			    .e_shentsize = sizeof(f.sh[0]),
			    .e_shnum = 3,
			    .e_shstrndx = 2 };
	f.sh[1] = (Elf64_Shdr){ .sh_name = 1,
				.sh_type = SHT_PROGBITS,
				.sh_addr = RODATA,
				.sh_offset = (uint64_t)((char *)f.image - (char *)&f),
				.sh_size = used };
	f.sh[2] = (Elf64_Shdr){ .sh_name = 9,
				.sh_type = SHT_STRTAB,
				.sh_offset = (uint64_t)(f.names - (char *)&f),
				.sh_size = sizeof(names) };
	memcpy(f.names, names, sizeof(names));
	memcpy(f.image, image, used);
	*k = (struct ksym){ .map = &f, .len = sizeof(f) };
	return ksym_load(k, e);
}

static void unload(struct ksym *k)
{
	k->map = NULL; /* not mapped */
	ksym_free(k);
}

/* Is the address in the function of that name? */
static bool is_in(const struct ksym *k, uint64_t addr, const char *function)
{
	struct ksym_entry s;
	char name[KALLSYMS_NAME_MAX] = "";

	if (ksym_function(k, addr, &s))
		ksym_name(k, &s, name, sizeof(name));
	return strcmp(name, function) == 0;
}

TEST(a_vmlinux_without_a_symbol_table)
{
	struct ksym_entry s;
	struct errbuf e;
	struct ksym k;

	make(LINUX_7_0);
	CHECK_INT(load(&k, &e), 0);
	CHECK_INT(k.n, SYMBOLS);
	CHECK(ksym_find(&k, "sched_symbol_77", &s));
	CHECK(s.number == 77 && s.addr == addr_of(LINUX_7_0, 77) && s.size == 16);
	CHECK(!ksym_find(&k, "sched_symbol_7000", &s));
	CHECK(is_in(&k, addr_of(LINUX_7_0, 77) + 15, "sched_symbol_77"));
	CHECK(is_in(&k, addr_of(LINUX_7_0, 400) + 31, "sched_symbol_399")); /* the first of two */
	CHECK(is_in(&k, addr_of(LINUX_7_0, PERCPU) - 1, ""));
	unload(&k);
	banner = "sched_symbol_500";
	make(LINUX_7_0);
	CHECK_INT(load(&k, &e), -ENOENT);
	CHECK_STR(e.text, "vmlinux has no symbol table, and functions only in kallsyms "
			  "(CONFIG_KALLSYMS_ALL is needed)");
	unload(&k);
	banner = "linux_banner";
	memset(image, 0, sizeof(image));
	CHECK_INT(load(&k, &e), -ENOENT);
	CHECK_STR(e.text, "vmlinux has no symbol table, and no kallsyms that are known");
	unload(&k);
}

UNIT_MAIN(T(layouts), T(sizes), T(what_does_not_fit_is_not_taken),
	  T(a_vmlinux_without_a_symbol_table))
