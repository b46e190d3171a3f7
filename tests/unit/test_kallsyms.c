// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kallsyms.c
/* Tables as each layout has them, made here from names and addresses; then broken ones. */
#include <errno.h>
#include <string.h>

#include "kt-vm/kallsyms.h"
#include "unit.h"

#define SYMBOLS 700
#define PERCPU  5
#define BASE    0xffffffff81000000ULL
#define RODATA  0xffffffff82000000ULL
#define LONG    200 /* bytes of the longest name */

enum layout { LINUX_6_1, LINUX_6_12, LINUX_6_16, LINUX_7_0, LAYOUTS };

static uint8_t image[1 << 18];
static size_t used, names_at, index_at, offsets_at;

static const char *name_of(unsigned int i)
{
	static char name[LONG + 1];

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

	return kallsyms_read(k, image, used, RODATA, &e);
}

TEST(layouts)
{
	struct kallsyms k;
	unsigned int l, i;

	for (l = 0; l < LAYOUTS; l++) {
		make(l);
		CHECK_INT(read_it(&k), 0);
		CHECK_INT(k.n, SYMBOLS);
		for (i = 0; i < k.n; i++) {
			CHECK_STR(k.entry[i].name, name_of(i));
			CHECK(k.entry[i].addr == addr_of(l, i));
		}
		kallsyms_free(&k);
	}
}

TEST(sizes)
{
	struct kallsyms k;

	make(LINUX_6_12);
	CHECK_INT(read_it(&k), 0);
	if (k.n == SYMBOLS) {
		CHECK_INT(k.entry[100].size, 16);
		CHECK_INT(k.entry[399].size, 32); /* two names of one thing */
		CHECK_INT(k.entry[400].size, 32);
		CHECK_INT(k.entry[PERCPU - 1].size, 0); /* behind it is another region */
		CHECK_INT(k.entry[SYMBOLS - 1].size, 0);
	}
	kallsyms_free(&k);
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

UNIT_MAIN(T(layouts), T(sizes), T(what_does_not_fit_is_not_taken))
