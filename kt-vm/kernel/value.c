// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "value.h"

struct render {
	const struct btf *btf;
	unsigned int nodes; /* left of this value */
	uint64_t *work;     /* left of all, or NULL */
};

static bool is_full(const struct render *r)
{
	return !r->nodes || (r->work && !*r->work);
}

/* Structs may be within themselves: what is looked at counts, shown or not. */
static void count(struct render *r)
{
	if (is_full(r))
		return;
	r->nodes--;
	if (r->work)
		--*r->work;
}

static struct json_object *value(struct render *r, uint32_t type, const uint8_t *p, size_t len,
				 int depth);

uint64_t kval_number(const struct kfield *f, const void *object, size_t len)
{
	unsigned int bytes = f->bits ? (f->bit + f->bits + 7U) / 8 : f->size;
	uint64_t v = 0;

	if (!f->known || bytes > sizeof(v) || f->bits > 64 || f->offset > len ||
	    bytes > len - f->offset)
		return 0;
	memcpy(&v, (const uint8_t *)object + f->offset, bytes);
	if (f->bits)
		v = v >> f->bit & (f->bits < 64 ? (1ULL << f->bits) - 1 : ~0ULL);
	if (f->is_signed && bytes) {
		unsigned int unused = 64 - (f->bits ? f->bits : 8 * f->size);

		v = (uint64_t)((int64_t)(v << unused) >> unused);
	}
	return v;
}

static struct json_object *number(uint64_t v, bool is_signed)
{
	return is_signed ? json_object_new_int64((int64_t)v) : json_object_new_uint64(v);
}

static struct json_object *enumerator(struct render *r, const struct btf_type *t, uint64_t v)
{
	const char *name = NULL;
	uint32_t i;

	for (i = 0; i < btf_vlen(t) && !name; i++) {
		if (btf_is_enum64(t) && btf_enum64_value(&btf_enum64(t)[i]) == v)
			name = kbtf_name(r->btf, btf_enum64(t)[i].name_off);
		else if (btf_is_enum(t) && (uint32_t)btf_enum(t)[i].val == (uint32_t)v)
			name = kbtf_name(r->btf, btf_enum(t)[i].name_off);
	}
	return name ? json_object_new_string(name) : number(v, btf_kflag(t));
}

/* A scalar of the field's type; NULL for what is none. */
static struct json_object *scalar(struct render *r, const struct btf_type *t, uint64_t v)
{
	char text[24];

	if (btf_is_ptr(t)) {
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
		return json_object_new_string(text);
	}
	if (btf_is_any_enum(t))
		return enumerator(r, t, v);
	if (!btf_is_int(t))
		return NULL;
	if (btf_int_encoding(t) & BTF_INT_BOOL)
		return json_object_new_boolean(v != 0);
	return number(v, btf_int_encoding(t) & BTF_INT_SIGNED);
}

static bool is_text(const struct btf_type *item, const uint8_t *p, size_t n, size_t *len)
{
	const uint8_t *end = memchr(p, 0, n);
	size_t i;

	if (!btf_is_int(item) || item->size != 1 || !end)
		return false;
	*len = (size_t)(end - p);
	for (i = 0; i < *len; i++)
		if (!isascii(p[i]) || (!isprint(p[i]) && !isspace(p[i])))
			return false;
	return *len > 0 || (btf_int_encoding(item) & (BTF_INT_CHAR | BTF_INT_SIGNED));
}

static void truncated(struct json_object *a, uint64_t left_out)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "truncated", json_object_new_uint64(left_out));
	json_object_array_add(a, o);
}

static struct json_object *array(struct render *r, const struct btf_type *t, const uint8_t *p,
				 size_t len, int depth)
{
	uint32_t type = kbtf_strip(r->btf, btf_array(t)->type), i, n = btf_array(t)->nelems;
	const struct btf_type *item = btf__type_by_id(r->btf, type);
	int64_t size = btf__resolve_size(r->btf, type);
	struct json_object *a;
	size_t chars;

	if (!item || size <= 0)
		return json_object_new_array();
	if (n > len / (uint64_t)size)
		n = (uint32_t)(len / (uint64_t)size);
	if (is_text(item, p, n, &chars))
		return json_object_new_string_len((const char *)p, (int)chars);
	a = json_object_new_array();
	for (i = 0; i < n && i < KVAL_ITEMS && !is_full(r); i++)
		json_object_array_add(a, value(r, type, p + i * (uint64_t)size, (size_t)size,
					       depth + 1));
	if (i < n)
		truncated(a, n - i);
	return a;
}

/* Adds the members of t to o; those of anonymous structs and unions, too. */
static void members(struct render *r, const struct btf_type *t, const uint8_t *p, size_t len,
		    int depth, struct json_object *o)
{
	uint32_t i;

	for (i = 0; i < btf_vlen(t) && !is_full(r); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *name = kbtf_name(r->btf, m->name_off);
		uint32_t bits = btf_member_bit_offset(t, i);
		uint32_t type = kbtf_strip(r->btf, m->type);
		const struct btf_type *mt = btf__type_by_id(r->btf, type);
		int64_t size = type ? btf__resolve_size(r->btf, type) : -1;
		struct kfield f = { .type = type,
				    .offset = bits / 8,
				    .bit = bits % 8,
				    .bits = (uint8_t)btf_member_bitfield_size(t, i),
				    .size = (uint32_t)size,
				    .is_signed = mt && kbtf_is_signed(mt),
				    .known = true };

		count(r);
		if (!mt || size < 0 || f.offset > len || (uint64_t)size > len - f.offset)
			continue;
		if (!*name && btf_is_composite(mt) && depth < KVAL_DEPTH)
			members(r, mt, p + f.offset, (size_t)size, depth + 1, o);
		else if (*name && f.bits)
			json_object_object_add(o, name, scalar(r, mt, kval_number(&f, p, len)));
		else if (*name)
			json_object_object_add(
				o, name, value(r, type, p + f.offset, (size_t)size, depth + 1));
	}
}

static struct json_object *value(struct render *r, uint32_t type, const uint8_t *p, size_t len,
				 int depth)
{
	const struct btf_type *t = btf__type_by_id(r->btf, kbtf_strip(r->btf, type));
	struct kfield f = { .size = (uint32_t)len, .known = true };
	struct json_object *o;

	count(r);
	if (!t || depth > KVAL_DEPTH)
		return NULL;
	if (btf_is_array(t))
		return array(r, t, p, len, depth);
	if (btf_is_composite(t)) {
		o = json_object_new_object();
		members(r, t, p, len, depth, o);
		if (is_full(r))
			json_object_object_add(o, "truncated", json_object_new_boolean(true));
		return o;
	}
	if (len > sizeof(uint64_t))
		return NULL;
	f.is_signed = kbtf_is_signed(t);
	return scalar(r, t, kval_number(&f, p, len));
}

struct json_object *kval_json(const struct btf *btf, uint32_t type, const void *data, size_t len,
			      uint64_t *work)
{
	struct render r = { .btf = btf, .nodes = KVAL_NODES, .work = work };
	int64_t size = btf__resolve_size(btf, type);

	if (size < 0 || (uint64_t)size > len)
		return NULL;
	return value(&r, type, data, (size_t)size, 0);
}

struct json_object *kval_field(const struct btf *btf, const struct kfield *f, const void *object,
			       size_t len)
{
	struct render r = { .btf = btf, .nodes = KVAL_NODES };
	const struct btf_type *t = btf__type_by_id(btf, f->type);

	if (!f->known || !t || f->offset > len || f->size > len - f->offset)
		return NULL;
	if (f->bits)
		return scalar(&r, t, kval_number(f, object, len));
	return value(&r, f->type, (const uint8_t *)object + f->offset, f->size, 0);
}
