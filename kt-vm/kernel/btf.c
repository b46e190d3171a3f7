// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "btf.h"

#define DEPTH_MAX  32 /* of anonymous members within each other, and of typedefs */
#define MEMBER_MAX 128
#define STEPS_MAX  100000 /* members looked at for one name: structs may be within themselves */

const char *kbtf_name(const struct btf *btf, uint32_t off)
{
	const char *name = btf__name_by_offset(btf, off), *p;

	for (p = name; p && *p; p++)
		if (!isascii(*p) || !isprint(*p))
			return "?";
	return name ? name : "";
}

uint32_t kbtf_strip(const struct btf *btf, uint32_t type)
{
	const struct btf_type *t;
	int i;

	for (i = 0; i < DEPTH_MAX; i++) {
		t = btf__type_by_id(btf, type);
		if (!t || !(btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t)))
			return t ? type : 0;
		type = t->type;
	}
	return 0;
}

bool kbtf_is_signed(const struct btf_type *t)
{
	return (btf_is_int(t) && (btf_int_encoding(t) & BTF_INT_SIGNED)) ||
	       (btf_is_any_enum(t) && btf_kflag(t));
}

uint32_t kbtf_struct(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	if (id < 0)
		id = btf__find_by_name_kind(btf, name, BTF_KIND_UNION);
	return id < 0 ? 0 : (uint32_t)id;
}

uint32_t kbtf_target(const struct btf *btf, uint32_t type)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, type));

	return t && btf_is_ptr(t) ? kbtf_strip(btf, t->type) : 0;
}

uint32_t kbtf_variable(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_VAR);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	return t ? kbtf_strip(btf, t->type) : 0;
}

/* Fills size and sign from the type; a type without a size (void, a function) is no value. */
static int finish(const struct btf *btf, struct kfield *f)
{
	const struct btf_type *t;
	int64_t size;

	f->type = kbtf_strip(btf, f->type);
	t = btf__type_by_id(btf, f->type);
	size = f->type ? btf__resolve_size(btf, f->type) : -EINVAL;
	if (!t || size < 0 || size > UINT32_MAX)
		return -EINVAL;
	f->size = (uint32_t)size;
	f->is_signed = kbtf_is_signed(t);
	f->known = true;
	return 0;
}

struct search {
	const char *name;
	size_t len;
	unsigned int *steps; /* left */
};

/* Looks for a member in a struct, and in its anonymous members. */
static bool find(const struct btf *btf, uint32_t type, const struct search *s, struct kfield *f,
		 uint64_t bits, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, type));
	const struct btf_member *m;
	const char *name;
	uint32_t i;

	if (!t || !btf_is_composite(t) || depth > DEPTH_MAX)
		return false;
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t) && *s->steps; i++) {
		uint64_t at = bits + btf_member_bit_offset(t, i);

		--*s->steps;
		name = kbtf_name(btf, m[i].name_off);
		if (s->len && strncmp(name, s->name, s->len) == 0 && !name[s->len]) {
			f->type = m[i].type;
			f->bits = (uint8_t)btf_member_bitfield_size(t, i);
			f->offset += (uint32_t)(at / 8);
			f->bit = at % 8;
			return true;
		}
		if (!*name && find(btf, m[i].type, s, f, at, depth + 1))
			return true;
	}
	return false;
}

/* The names that there are, each with ", " in front, as far as `buf` has room. */
static size_t list_members(const struct btf *btf, uint32_t type, char *buf, size_t size,
			   unsigned int *steps, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, type));
	size_t len = 0;
	const char *name;
	uint32_t i;

	buf[0] = '\0';
	if (!t || !btf_is_composite(t) || depth > DEPTH_MAX)
		return 0;
	for (i = 0; i < btf_vlen(t) && len + MEMBER_MAX < size && *steps; i++) {
		--*steps;
		name = kbtf_name(btf, btf_members(t)[i].name_off);
		if (*name)
			len += (size_t)snprintf(buf + len, size - len, ", %.60s", name);
		else
			len += list_members(btf, btf_members(t)[i].type, buf + len, size - len,
					    steps, depth + 1);
	}
	return len;
}

static int no_member(const struct btf *btf, uint32_t type, const char *name, size_t len,
		     struct errbuf *e)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, type));
	unsigned int steps = STEPS_MAX;
	char list[400];

	if (!e)
		return -ENOENT;
	if (!t || !btf_is_composite(t))
		return errbuf_set(
			e, -ENOENT,
			"there are no members, such as \"%.*s\", in a value that is no struct",
			(int)len, name);
	list_members(btf, type, list, sizeof(list), &steps, 0);
	return errbuf_set(e, -ENOENT, "%s \"%.60s\" has no member \"%.*s\" (it has %s)",
			  btf_is_union(t) ? "union" : "struct", kbtf_name(btf, t->name_off),
			  (int)len, name, *list ? list + 2 : "none");
}

/* "[3]" behind a member: *path is moved behind it. */
static int index_array(const struct btf *btf, const char **path, struct kfield *f, struct errbuf *e)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, f->type));
	unsigned int i, n = 0, len = 0;
	int64_t size;

	if (sscanf(*path, "[%u]%n", &i, &len) != 1 || !len)
		return e ? errbuf_set(e, -ENOENT, "expected an index such as [0] at \"%.40s\"",
				      *path)
			 : -ENOENT;
	if (t && btf_is_array(t))
		n = btf_array(t)->nelems;
	if (i >= n)
		return e ? errbuf_set(e, -ENOENT, "no item %u in an array of %u", i, n) : -ENOENT;
	f->type = btf_array(t)->type;
	size = btf__resolve_size(btf, f->type);
	if (size < 0)
		return -ENOENT;
	f->offset += (uint32_t)(i * (uint64_t)size);
	*path += len;
	return 0;
}

int kbtf_member(const struct btf *btf, uint32_t type, const char *path, struct kfield *f,
		struct errbuf *e)
{
	unsigned int steps = STEPS_MAX;
	struct search s;
	size_t len;
	int rc;

	*f = (struct kfield){ .type = type };
	while (*path) {
		if (*path == '[') {
			rc = index_array(btf, &path, f, e);
			if (rc)
				return rc;
			continue;
		}
		path += *path == '.';
		for (len = 0; isalnum((unsigned char)path[len]) || path[len] == '_'; len++)
			;
		s = (struct search){ .name = path, .len = len, .steps = &steps };
		if (!find(btf, f->type, &s, f, 0, 0))
			return no_member(btf, f->type, path, len, e);
		path += len;
	}
	if (finish(btf, f))
		return e ? errbuf_set(e, -ENOENT, "the value has no size") : -ENOENT;
	return 0;
}
