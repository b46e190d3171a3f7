// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "excerpt.h"

struct excerpt {
	const struct btf *from;
	struct btf *to;
	uint32_t *number; /* of each type of `from` in `to`, or 0 */
	bool failed;
};

/* A type of the excerpt; gone with the next one that is added. */
static struct btf_type *own(const struct excerpt *x, uint32_t id)
{
	return (struct btf_type *)btf__type_by_id(x->to, id);
}

/* The number that a type has in the excerpt. It is added if need be, as `from` has it. */
static uint32_t add(struct excerpt *x, uint32_t type)
{
	const struct btf_type *t = type ? btf__type_by_id(x->from, type) : NULL;
	int id;

	if (!t || x->failed)
		return 0;
	if (x->number[type])
		return x->number[type];
	id = btf__add_type(x->to, x->from, t);
	if (id < 0) {
		x->failed = true;
		return 0;
	}
	x->number[type] = (uint32_t)id;
	if (btf_is_ptr(t))
		own(x, (uint32_t)id)->type = 0;
	return (uint32_t)id;
}

/* Where a type refers to the i-th of those that it holds; NULL: it has no more. */
static uint32_t *held(struct btf_type *t, unsigned int i)
{
	if (btf_is_composite(t))
		return i < btf_vlen(t) ? &btf_members(t)[i].type : NULL;
	if (btf_is_array(t) && i < 2)
		return i ? &btf_array(t)->index_type : &btf_array(t)->type;
	if ((btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t)) && i == 0)
		return &t->type;
	return NULL;
}

/* Adds what a type of the excerpt holds, and lets it refer to that. */
static void complete(struct excerpt *x, uint32_t id)
{
	uint32_t *of, number;
	unsigned int i;

	for (i = 0; (of = held(own(x, id), i)); i++) {
		number = add(x, *of);
		*held(own(x, id), i) = number;
	}
}

struct btf *kexcerpt(const struct btf *from, const struct kexcerpt_name *want, size_t n)
{
	struct excerpt x = { .from = from, .to = btf__new_empty() };
	uint32_t id;
	size_t i;

	x.number = calloc(btf__type_cnt(from), sizeof(*x.number));
	x.failed = !x.to || !x.number;
	for (i = 0; i < n && !x.failed; i++) {
		int type = btf__find_by_name_kind(from, want[i].name, want[i].kind);

		add(&x, type > 0 ? (uint32_t)type : 0);
	}
	for (id = 1; !x.failed && id < btf__type_cnt(x.to); id++)
		complete(&x, id);
	free(x.number);
	if (!x.failed)
		return x.to;
	btf__free(x.to);
	return NULL;
}
