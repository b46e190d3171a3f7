// SPDX-License-Identifier: GPL-2.0-only
/* Writes AML terms and resource descriptors into a buffer. */
#include <stdlib.h>
#include <string.h>

#include "aml.h"

enum {
	OP_NAME = 0x08,
	OP_BYTE = 0x0a,
	OP_WORD = 0x0b,
	OP_DWORD = 0x0c,
	OP_STRING = 0x0d,
	OP_SCOPE = 0x10,
	OP_BUFFER = 0x11,
	OP_PACKAGE = 0x12,
	OP_METHOD = 0x14,
	OP_EXT = 0x5b,
	OP_EXT_REGION = 0x80,
	OP_EXT_FIELD = 0x81,
	OP_EXT_DEVICE = 0x82,
	OP_EQUAL = 0x93,
	OP_IF = 0xa0,
	OP_RETURN = 0xa4,
};

/* Tags of resource descriptors (ACPI 6.5, chapter 6.4); a small one's holds its length. */
enum {
	RES_IRQ = 0x22,
	RES_IO = 0x47,
	RES_END = 0x79,
	RES_FIXED = 0x86,
	RES_DWORD = 0x87,
	RES_WORD = 0x88
};
enum { RANGE_MEMORY = 0, RANGE_IO = 1, RANGE_BUS = 2 };
#define RANGE_FIXED   0x0c /* minimum and maximum are fixed, producer, positive decode */
#define PORTS_ENTIRE  0x03 /* ISA and non-ISA ports */
#define MEM_READWRITE 0x01 /* not cacheable */
#define SYSTEM_IO     1    /* of an operation region */
#define DWORD_ACCESS  0x03 /* to a field, without a lock, the rest preserved */
#define FIELD_BITS    32

void aml_bytes(struct aml *a, const void *data, size_t len)
{
	if (a->bad || len > a->cap - a->len) {
		a->bad = true;
		return;
	}
	memcpy(a->buf + a->len, data, len);
	a->len += len;
}

/* Appends the low `n` bytes of v, little endian. */
static void put(struct aml *a, uint64_t v, unsigned int n)
{
	uint8_t b[8];
	unsigned int i;

	for (i = 0; i < n; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	aml_bytes(a, b, n);
}

void aml_uint(struct aml *a, uint32_t v)
{
	if (v <= 1) { /* ZeroOp and OneOp are their own values */
		put(a, v, 1);
	} else if (v <= 0xff) {
		put(a, OP_BYTE, 1);
		put(a, v, 1);
	} else if (v <= 0xffff) {
		put(a, OP_WORD, 1);
		put(a, v, 2);
	} else {
		put(a, OP_DWORD, 1);
		put(a, v, 4);
	}
}

/*
 * Opens a term. Its length always takes two bytes (at most 4095), also where one would
 * do, because the length is known only when the term is closed.
 */
static size_t open_term(struct aml *a)
{
	size_t at = a->len;

	put(a, 0, 2);
	return at;
}

void aml_close(struct aml *a, size_t at)
{
	size_t len = a->len - at;

	if (len > 0xfff)
		a->bad = true;
	if (a->bad)
		return;
	a->buf[at] = (uint8_t)(1 << 6 | (len & 0xf));
	a->buf[at + 1] = (uint8_t)(len >> 4);
}

void aml_name(struct aml *a, const char *path)
{
	put(a, OP_NAME, 1);
	aml_bytes(a, path, strlen(path));
}

void aml_name_uint(struct aml *a, const char *path, uint32_t v)
{
	aml_name(a, path);
	aml_uint(a, v);
}

/* An EISA id is three letters of five bits and four hexadecimal digits, high byte first. */
void aml_name_eisa(struct aml *a, const char *path, const char *id)
{
	uint32_t v = strtoul(id + 3, NULL, 16) & 0xffff;
	int i;

	for (i = 0; i < 3; i++)
		v |= (uint32_t)(id[i] - '@') << (26 - 5 * i);
	aml_name(a, path);
	put(a, OP_DWORD, 1);
	put(a, __builtin_bswap32(v), 4);
}

void aml_name_string(struct aml *a, const char *path, const char *s)
{
	aml_name(a, path);
	put(a, OP_STRING, 1);
	aml_bytes(a, s, strlen(s) + 1);
}

void aml_name_resources(struct aml *a, const char *path, const struct aml *templ)
{
	static const uint8_t end[] = { RES_END, 0 }; /* checksum 0 means that it is not checked */
	size_t at;

	aml_name(a, path);
	put(a, OP_BUFFER, 1);
	at = open_term(a);
	aml_uint(a, (uint32_t)(templ->len + sizeof(end)));
	aml_bytes(a, templ->buf, templ->len);
	aml_bytes(a, end, sizeof(end));
	aml_close(a, at);
	a->bad |= templ->bad;
}

size_t aml_scope(struct aml *a, const char *path)
{
	size_t at;

	put(a, OP_SCOPE, 1);
	at = open_term(a);
	aml_bytes(a, path, strlen(path));
	return at;
}

size_t aml_device(struct aml *a, const char *seg)
{
	size_t at;

	put(a, OP_EXT, 1);
	put(a, OP_EXT_DEVICE, 1);
	at = open_term(a);
	aml_bytes(a, seg, strlen(seg));
	return at;
}

void aml_port(struct aml *a, const char *region, const char *field, uint16_t port)
{
	size_t at;

	put(a, OP_EXT, 1);
	put(a, OP_EXT_REGION, 1);
	aml_bytes(a, region, strlen(region));
	put(a, SYSTEM_IO, 1);
	aml_uint(a, port);
	aml_uint(a, FIELD_BITS / 8);
	put(a, OP_EXT, 1);
	put(a, OP_EXT_FIELD, 1);
	at = open_term(a);
	aml_bytes(a, region, strlen(region));
	put(a, DWORD_ACCESS, 1);
	aml_bytes(a, field, strlen(field));
	put(a, FIELD_BITS, 1); /* a length, too, in its short form */
	aml_close(a, at);
}

size_t aml_method(struct aml *a, const char *seg)
{
	size_t at;

	put(a, OP_METHOD, 1);
	at = open_term(a);
	aml_bytes(a, seg, strlen(seg));
	put(a, 0, 1); /* no arguments, not serialized */
	return at;
}

size_t aml_if_equal(struct aml *a, const char *seg, uint32_t v)
{
	size_t at;

	put(a, OP_IF, 1);
	at = open_term(a);
	put(a, OP_EQUAL, 1);
	aml_bytes(a, seg, strlen(seg));
	aml_uint(a, v);
	return at;
}

void aml_return(struct aml *a, uint32_t v)
{
	put(a, OP_RETURN, 1);
	aml_uint(a, v);
}

size_t aml_package(struct aml *a, uint8_t elements)
{
	size_t at;

	put(a, OP_PACKAGE, 1);
	at = open_term(a);
	put(a, elements, 1);
	return at;
}

void aml_res_io(struct aml *a, uint16_t base, uint8_t len)
{
	put(a, RES_IO, 1);
	put(a, 1, 1); /* decodes 16 bits */
	put(a, base, 2);
	put(a, base, 2);
	put(a, 1, 1); /* alignment */
	put(a, len, 1);
}

void aml_res_irq(struct aml *a, unsigned int irq)
{
	put(a, RES_IRQ, 1);
	put(a, 1U << irq, 2);
}

void aml_res_fixed(struct aml *a, uint32_t base, uint32_t len)
{
	put(a, RES_FIXED, 1);
	put(a, 9, 2);
	put(a, MEM_READWRITE, 1);
	put(a, base, 4);
	put(a, len, 4);
}

/* An address space descriptor with fields of `size` bytes: granularity, first, last, offset, length
 */
static void res_range(struct aml *a, unsigned int size, uint8_t type, uint8_t flags, uint32_t first,
		      uint32_t last)
{
	put(a, size == 4 ? RES_DWORD : RES_WORD, 1);
	put(a, 3 + 5 * size, 2);
	put(a, type, 1);
	put(a, RANGE_FIXED, 1);
	put(a, flags, 1);
	put(a, 0, size);
	put(a, first, size);
	put(a, last, size);
	put(a, 0, size);
	put(a, (uint64_t)last - first + 1, size);
}

void aml_res_bus(struct aml *a, uint16_t first, uint16_t last)
{
	res_range(a, 2, RANGE_BUS, 0, first, last);
}

void aml_res_ports(struct aml *a, uint16_t first, uint16_t last)
{
	res_range(a, 2, RANGE_IO, PORTS_ENTIRE, first, last);
}

void aml_res_memory(struct aml *a, uint32_t first, uint32_t last)
{
	res_range(a, 4, RANGE_MEMORY, MEM_READWRITE, first, last);
}
