// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "set.h"

/* The part of the name that counts, or NULL: it has none of these prefixes. */
static const char *match(const char *name, const char *const *prefix, bool strip)
{
	for (; name && *prefix; prefix++)
		if (strncmp(name, *prefix, strlen(*prefix)) == 0)
			return name + (strip ? strlen(*prefix) : 0);
	return NULL;
}

/* False for what is no integer, and no array of at most KSET_ITEMS. */
static bool measure(const struct btf *btf, uint32_t type, struct kcounter *c)
{
	const struct btf_type *t = btf__type_by_id(btf, kbtf_strip(btf, type));

	c->items = 1;
	if (t && btf_is_array(t)) {
		c->items = btf_array(t)->nelems;
		t = btf__type_by_id(btf, kbtf_strip(btf, btf_array(t)->type));
	}
	if (!t || !btf_is_int(t) || (t->size != 4 && t->size != 8) || !c->items ||
	    c->items > KSET_ITEMS)
		return false;
	c->size = t->size;
	return true;
}

static void take(struct kset *s, const struct kcounter *c)
{
	uint32_t end = c->offset + c->size * c->items;

	s->begin = s->n && s->begin < c->offset ? s->begin : c->offset;
	s->end = s->end > end ? s->end : end;
	s->c[s->n++] = *c;
}

/* Is CPU_IDLE the first of its enum? */
static bool is_idle_first(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "cpu_idle_type", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	const char *name = NULL;

	if (t && btf_vlen(t) && btf_enum(t)->val == 0)
		name = btf__name_by_offset(btf, btf_enum(t)->name_off);
	return name && strcmp(name, "CPU_IDLE") == 0;
}

void kset_find(struct kset *s, const struct btf *btf, const char *type, const char *const *prefix,
	       bool strip)
{
	uint32_t id = kbtf_struct(btf, type), i;
	const struct btf_type *t = id ? btf__type_by_id(btf, id) : NULL;
	struct kcounter c;
	const char *name;
	char *p;

	*s = (struct kset){ .idle_first = is_idle_first(btf) };
	for (i = 0; t && i < btf_vlen(t) && s->n < KSET_MAX; i++) {
		name = match(btf__name_by_offset(btf, btf_members(t)[i].name_off), prefix, strip);
		if (!name || btf_member_bitfield_size(t, i) ||
		    !measure(btf, btf_members(t)[i].type, &c))
			continue;
		c.offset = btf_member_bit_offset(t, i) / 8;
		snprintf(c.name, sizeof(c.name), "%s", name);
		for (p = c.name; strip && *p; p++)
			*p = (char)tolower((unsigned char)*p);
		take(s, &c);
	}
}

void kset_add(const struct kset *s, const void *part, uint64_t (*sum)[KSET_ITEMS])
{
	unsigned int i, k;

	for (i = 0; i < s->n; i++) {
		const struct kcounter *c = &s->c[i];
		const char *p = (const char *)part + (c->offset - s->begin);

		for (k = 0; k < c->items; k++, p += c->size) {
			uint32_t word;
			uint64_t v;

			memcpy(&word, p, sizeof(word));
			v = word;
			if (c->size == sizeof(v))
				memcpy(&v, p, sizeof(v));
			/* the busy CPU's first, whatever the kernel's order */
			sum[i][s->idle_first && c->items > 1 && k < 2 ? 1 - k : k] += v;
		}
	}
}

void kset_text(const struct kset *s, uint64_t (*sum)[KSET_ITEMS], struct jtext *to)
{
	unsigned int i, k;

	for (i = 0; i < s->n; i++) {
		jtext_key(to, s->c[i].name);
		if (s->c[i].items > 1)
			jtext_open(to, '[');
		for (k = 0; k < s->c[i].items; k++)
			jtext_uint(to, sum[i][k]);
		if (s->c[i].items > 1)
			jtext_close(to, ']');
	}
}

void kset_json(const struct kset *s, uint64_t (*sum)[KSET_ITEMS], struct json_object *to)
{
	struct json_object *a;
	unsigned int i, k;

	for (i = 0; i < s->n; i++) {
		if (s->c[i].items == 1) {
			json_object_object_add(to, s->c[i].name, json_object_new_uint64(sum[i][0]));
			continue;
		}
		a = json_object_new_array();
		for (k = 0; k < s->c[i].items; k++)
			json_object_array_add(a, json_object_new_uint64(sum[i][k]));
		json_object_object_add(to, s->c[i].name, a);
	}
}
