// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owns the format of kallsyms. These tables follow each other, each aligned to 8 bytes (4 from
 * Linux 7.0 on):
 *
 *	num_syms      u32
 *	names         for each symbol: length (one byte, or two of 7 bits), then that many codes
 *	markers       u32 for each 256th symbol: its offset in names
 *	seqs          until 6.4: 3 bytes for each symbol, of no use here; not in each 6.1
 *	token_table   what each of the 256 codes stands for: 256 strings
 *	token_index   u16 for each code: its offset in token_table
 *
 * What a name expands to begins with the symbol's type, as in nm(1). Addresses are in 32 bits
 * for each symbol, and in three ways: enum kallsyms_place.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "kallsyms.h"
#include "mem.h"

#define CODES       256
#define STEP        256 /* symbols from one marker to the next */
#define SEQ         3   /* bytes */
#define LENGTH_MAX  512 /* of a name: KSYM_NAME_LEN */
#define SYMBOLS_MAX (4U << 20)
#define SYMBOL_MAX  (16U << 20) /* no object is larger: a gap between two regions */
#define TRIES       16          /* of places that may be the start of the names */

static size_t up(const struct kallsyms *t, size_t n)
{
	return (n + t->align - 1) & ~(t->align - 1);
}

static uint16_t u16(const struct kallsyms *t, size_t at)
{
	uint16_t v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

static uint32_t u32(const struct kallsyms *t, size_t at)
{
	uint32_t v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

static uint64_t u64(const struct kallsyms *t, size_t at)
{
	uint64_t v;

	memcpy(&v, t->data + at, sizeof(v));
	return v;
}

/* ---- where they are -------------------------------------------------------------- */

/* 256 offsets, each greater than the one before it, and not by much. */
static bool is_index(const struct kallsyms *t, size_t at)
{
	unsigned int i;

	if (u16(t, at))
		return false;
	for (i = 1; i < CODES; i++)
		if ((unsigned int)u16(t, at + 2 * i) - u16(t, at + 2 * i - 2) - 1 >= LENGTH_MAX)
			return false;
	return true;
}

/* The strings that the index says, and nothing but padding up to it. */
static bool are_tokens(const struct kallsyms *t, size_t at)
{
	size_t end = 0;
	unsigned int i;

	for (i = 0; i < CODES; i++) {
		size_t start = u16(t, t->index + 2 * i);

		if (start != end || at + start >= t->index)
			return false;
		end += strnlen((const char *)t->data + at + start, t->index - at - start) + 1;
	}
	return up(t, at + end) == t->index;
}

/* Only the length of the last one is unknown. */
static bool find_tokens(struct kallsyms *t)
{
	size_t size = u16(t, t->index + 2 * (CODES - 1)) + 1, last;

	for (last = 0; last <= LENGTH_MAX + t->align && up(t, size + last) <= t->index;
	     last += t->align) {
		t->tokens = t->index - up(t, size + last);
		if (are_tokens(t, t->tokens))
			return true;
	}
	return false;
}

/* A name's length in codes; *at is moved to the first of them. 0: it does not end in time. */
static size_t name_length(const struct kallsyms *t, size_t *at, size_t end)
{
	size_t len;

	if (*at + 1 >= end)
		return 0;
	len = t->data[(*at)++];
	if (len & 0x80)
		len = (len & 0x7f) | (size_t)t->data[(*at)++] << 7;
	return len <= end - *at ? len : 0;
}

/* From here, names of that number are as the markers say, and end just before them. */
static bool are_names(const struct kallsyms *t, size_t start, uint32_t n)
{
	size_t at = start, len;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (i % STEP == 0 && at - start != u32(t, t->markers + i / STEP * 4))
			return false;
		len = name_length(t, &at, t->markers);
		if (!len)
			return false;
		at += len;
	}
	return up(t, at) == t->markers;
}

/* Their number is in front of them, and the last marker tells about where they begin. */
static bool find_names(struct kallsyms *t)
{
	size_t last = u32(t, t->markers + 4 * (t->nmarkers - 1)), at, least;
	unsigned int tries = 0;

	if (last + 2 * t->align > t->markers)
		return false;
	at = (t->markers - last) & ~(t->align - 1);
	least = at < STEP * (LENGTH_MAX + 2) + t->align ? t->align : at - STEP * (LENGTH_MAX + 2);
	for (; at >= least && tries < TRIES; at -= t->align) {
		t->n = u32(t, at - t->align);
		if ((t->n + STEP - 1ULL) / STEP != t->nmarkers)
			continue;
		tries++;
		t->names = at;
		if (are_names(t, at, t->n))
			return true;
	}
	return false;
}

/* Right before the tokens: they grow, from the 0 that begins them. */
static bool find_markers(struct kallsyms *t)
{
	size_t end = t->tokens, at;

	if (end < 8)
		return false;
	if (t->align == 8 && u32(t, end - 4) == 0)
		end -= 4; /* padding */
	for (at = end - 4; at >= 4 && u32(t, at - 4) < u32(t, at); at -= 4)
		;
	t->markers = at;
	t->nmarkers = (uint32_t)((end - at) / 4);
	return u32(t, at) == 0 && at % t->align == 0 && find_names(t);
}

static bool grow(const struct kallsyms *t)
{
	uint32_t i;

	for (i = 1; i < t->nmarkers; i++)
		if (u32(t, t->markers + 4 * i) <= u32(t, t->markers + 4 * (i - 1)))
			return false;
	return u32(t, t->markers) == 0;
}

/* With seqs between them and the tokens: the distance tells how many there are. */
static bool find_far_markers(struct kallsyms *t)
{
	const size_t each = 4 + SEQ * STEP; /* a marker and its symbols' seqs */
	size_t back, seqs;

	for (back = t->align; back <= t->tokens && back / each < SYMBOLS_MAX / STEP;
	     back += t->align) {
		t->markers = t->tokens - back;
		t->nmarkers = (uint32_t)((back + each - 1) / each);
		if (!grow(t) || !find_names(t))
			continue;
		seqs = up(t, t->markers + 4ULL * t->nmarkers);
		if (up(t, seqs + SEQ * (size_t)t->n) == t->tokens)
			return true;
	}
	return false;
}

uint64_t kallsyms_addr(const struct kallsyms *t, uint32_t i)
{
	size_t at = t->offsets + 4ULL * i;
	uint64_t off = (uint64_t)(int64_t)(int32_t)u32(t, at);

	switch (t->place) {
	case KALLSYMS_BY_PLACE:
		return t->addr + at + off;
	case KALLSYMS_BUT_PERCPU:
		return (int64_t)off >= 0 ? off : t->base - 1 - off;
	default:
		return t->base + (uint32_t)off;
	}
}

/* Symbols come in the order of their addresses. */
static bool fits(struct kallsyms *t, enum kallsyms_place place)
{
	uint32_t i;

	t->place = place;
	for (i = 1; i < t->n; i++)
		if (kallsyms_addr(t, i) < kallsyms_addr(t, i - 1))
			return false;
	return kallsyms_addr(t, t->n - 1) >= KMEM_START_KERNEL_MAP;
}

static bool by_base(struct kallsyms *t, size_t offsets, size_t base)
{
	t->offsets = offsets;
	t->base = u64(t, base);
	return t->base >= KMEM_START_KERNEL_MAP &&
	       (fits(t, KALLSYMS_BY_BASE) || fits(t, KALLSYMS_BUT_PERCPU));
}

/* They are behind all of that, or (until 6.4) in front of it. */
static bool find_offsets(struct kallsyms *t)
{
	size_t size = up(t, 4ULL * t->n), behind = t->index + 2 * CODES, base;

	if (size + 8 <= t->len - behind && by_base(t, behind, behind + size))
		return true;
	t->offsets = behind;
	if (size <= t->len - behind && fits(t, KALLSYMS_BY_PLACE))
		return true;
	base = t->names - t->align - 8;
	return size + t->align + 8 <= t->names && by_base(t, base - size, base);
}

static bool find_tables(struct kallsyms *t)
{
	if (t->len < 2 * CODES)
		return false;
	for (t->index = 0; t->index <= t->len - 2 * CODES; t->index += 4) {
		if (!is_index(t, t->index))
			continue;
		for (t->align = t->index % 8 ? 4 : 8; t->align >= 4; t->align /= 2)
			if (find_tokens(t) && (find_markers(t) || find_far_markers(t)) &&
			    find_offsets(t))
				return true;
	}
	return false;
}

/* ---- what they say --------------------------------------------------------------- */

/* What a code stands for: are_tokens() has seen that it ends. */
static const char *token(const struct kallsyms *t, uint8_t code)
{
	return (const char *)t->data + t->tokens + u16(t, t->index + 2 * (size_t)code);
}

uint32_t kallsyms_name(const struct kallsyms *t, uint32_t at, char name[KALLSYMS_NAME_MAX])
{
	size_t next = at, len = name_length(t, &next, t->markers), room = KALLSYMS_NAME_MAX, i;
	const char *type = NULL;

	name[0] = '\0';
	for (i = 0; i < len; i++) {
		const char *s = token(t, t->data[next + i]);
		size_t n;

		if (!type && *s)
			type = s++;
		n = strlen(s);
		if (n >= room)
			n = room - 1;
		memcpy(name, s, n);
		name += n;
		*name = '\0';
		room -= n;
	}
	return (uint32_t)(next + len);
}

uint32_t kallsyms_where(const struct kallsyms *t, uint32_t i)
{
	size_t at = t->names + u32(t, t->markers + 4ULL * (i / STEP));

	for (i %= STEP; i; i--)
		at += name_length(t, &at, t->markers);
	return (uint32_t)at;
}

uint64_t kallsyms_size(const struct kallsyms *t, uint32_t i)
{
	uint64_t addr = kallsyms_addr(t, i), above = addr;

	/* symbols of one address are of one size */
	while (above == addr && ++i < t->n)
		above = kallsyms_addr(t, i);
	return above - addr <= SYMBOL_MAX ? above - addr : 0;
}

int kallsyms_find(struct kallsyms *t, const void *rodata, size_t len, uint64_t addr,
		  struct errbuf *e)
{
	*t = (struct kallsyms){ .data = rodata, .len = len, .addr = addr };
	if (len > UINT32_MAX || !find_tables(t))
		return errbuf_set(e, -ENOENT,
				  "vmlinux has no symbol table, and no kallsyms that are known");
	if (t->n > SYMBOLS_MAX)
		return errbuf_set(e, -E2BIG, "%u symbols in kallsyms", t->n);
	return 0;
}
