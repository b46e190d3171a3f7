// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/excerpt.c kt-vm/kernel/btf.c
#include <string.h>

#include "kt-vm/kernel/btf.h"
#include "kt-vm/kernel/excerpt.h"
#include "unit.h"

/*
 * Some types that nobody asks for, and
 *	typedef unsigned int u32;
 *	struct inner { const u32 a[3]; enum color { RED, BLUE = 7 } color; };
 *	struct outer { struct inner i; struct stranger *s; struct { u32 deep; }; };
 */
static struct btf *make(void)
{
	struct btf *b = btf__new_empty();
	int u, stranger, array, color, inner, pointer, deep;

	btf__add_struct(b, "stranger", 4096);
	u = btf__add_typedef(b, "u32", btf__add_int(b, "unsigned int", 4, 0));
	stranger = btf__add_struct(b, "stranger", 64);
	array = btf__add_array(b, u, btf__add_const(b, u), 3);
	color = btf__add_enum(b, "color", 4);
	btf__add_enum_value(b, "RED", 0);
	btf__add_enum_value(b, "BLUE", 7);
	inner = btf__add_struct(b, "inner", 16);
	btf__add_field(b, "a", array, 0, 0);
	btf__add_field(b, "color", color, 96, 0);
	pointer = btf__add_ptr(b, stranger);
	deep = btf__add_struct(b, NULL, 8);
	btf__add_field(b, "deep", u, 0, 0);
	btf__add_struct(b, "outer", 32);
	btf__add_field(b, "i", inner, 0, 0);
	btf__add_field(b, "s", pointer, 128, 0);
	btf__add_field(b, NULL, deep, 192, 0);
	return b;
}

static const struct kexcerpt_name outer[] = { { "outer", BTF_KIND_STRUCT } };

TEST(what_a_struct_holds_is_there)
{
	struct btf *all = make(), *b = kexcerpt(all, outer, 1);
	const struct btf_enum *color;
	struct kfield f;
	uint32_t id;

	btf__free(all); /* nothing of it is needed */
	id = kbtf_struct(b, "outer");
	CHECK_INT(kbtf_member(b, id, "i.a[2]", &f, NULL), 0);
	CHECK(f.offset == 8 && f.size == 4);
	CHECK_INT(kbtf_member(b, id, "deep", &f, NULL), 0);
	CHECK(f.offset == 24 && f.size == 4);
	CHECK_INT(kbtf_member(b, id, "i.color", &f, NULL), 0);
	color = btf_enum(btf__type_by_id(b, f.type));
	CHECK_STR(kbtf_name(b, color[1].name_off), "BLUE");
	CHECK_INT(color[1].val, 7);
	btf__free(b);
}

TEST(what_a_pointer_leads_to_is_not)
{
	struct btf *all = make(), *b = kexcerpt(all, outer, 1);
	struct kfield f;

	CHECK_INT(kbtf_member(b, kbtf_struct(b, "outer"), "s", &f, NULL), 0);
	CHECK(f.offset == 16 && f.size == 8 && !kbtf_target(b, f.type));
	CHECK_INT(kbtf_struct(b, "stranger"), 0);
	CHECK_INT(btf__type_cnt(b), 10); /* void is number 0 */
	btf__free(b);
	btf__free(all);
}

TEST(each_type_is_there_once)
{
	static const struct kexcerpt_name want[] = { { "inner", BTF_KIND_STRUCT },
						     { "missing", BTF_KIND_STRUCT },
						     { "outer", BTF_KIND_STRUCT },
						     { "color", BTF_KIND_ENUM } };
	struct btf *all = make(), *b = kexcerpt(all, want, 4);

	CHECK_INT(kbtf_struct(b, "inner"), 1);
	CHECK_INT(btf__type_cnt(b), 10);
	btf__free(b);
	btf__free(all);
}

/* No compiler makes it: a struct within itself. */
TEST(a_loop_ends)
{
	struct btf *all = btf__new_empty(), *b;

	btf__add_struct(all, "outer", 8);
	btf__add_field(all, "self", 1, 0, 0);
	b = kexcerpt(all, outer, 1);
	CHECK_INT(btf__type_cnt(b), 2);
	btf__free(b);
	btf__free(all);
}

UNIT_MAIN(T(what_a_struct_holds_is_there), T(what_a_pointer_leads_to_is_not),
	  T(each_type_is_there_once), T(a_loop_ends))
