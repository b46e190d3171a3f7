// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/set.c kt-vm/kernel/btf.c kt-vm/kernel/jtext.c
#include <bpf/btf.h>
#include <string.h>

#include "kt-vm/kernel/set.h"
#include "unit.h"

/* struct stats { u32 lb_count[3]; s64 EV_ONE; char *lb_name; u32 other; u32 lb_bits:4; u16 lb_16;
 * u32 lb_many[5]; u64 lb_last; } */
static struct btf *some_types(void)
{
	struct btf *b = btf__new_empty();
	int u32, s64, u16, u64, array, many, ptr;

	u32 = btf__add_int(b, "u32", 4, 0);
	s64 = btf__add_int(b, "s64", 8, BTF_INT_SIGNED);
	u16 = btf__add_int(b, "u16", 2, 0);
	u64 = btf__add_typedef(b, "u64", btf__add_int(b, "long", 8, 0));
	array = btf__add_array(b, u32, u32, 3);
	many = btf__add_array(b, u32, u32, 5);
	ptr = btf__add_ptr(b, u32);
	btf__add_struct(b, "stats", 72);
	btf__add_field(b, "lb_count", array, 0, 0);
	btf__add_field(b, "EV_ONE", s64, 128, 0);
	btf__add_field(b, "lb_name", ptr, 192, 0);
	btf__add_field(b, "other", u32, 256, 0);
	btf__add_field(b, "lb_bits", u32, 288, 4);
	btf__add_field(b, "lb_16", u16, 304, 0);
	btf__add_field(b, "lb_many", many, 320, 0);
	btf__add_field(b, "lb_last", u64, 512, 0);
	return b;
}

TEST(counters_are_integers_and_short_arrays_of_these_names)
{
	static const char *const prefix[] = { "lb_", NULL };
	struct btf *b = some_types();
	struct kset s;

	kset_find(&s, b, "stats", prefix, false);
	CHECK_INT(s.n, 2);
	CHECK_STR(s.c[0].name, "lb_count");
	CHECK_INT(s.c[0].items, 3);
	CHECK_STR(s.c[1].name, "lb_last");
	CHECK_INT(s.c[1].offset, 64);
	CHECK_INT(s.begin, 0);
	CHECK_INT(s.end, 72);
	kset_find(&s, b, "none", prefix, false);
	CHECK_INT(s.n, 0);
	btf__free(b);
}

TEST(a_prefix_can_be_left_out)
{
	static const char *const prefix[] = { "EV_", NULL };
	struct btf *b = some_types();
	struct kset s;

	kset_find(&s, b, "stats", prefix, true);
	CHECK_INT(s.n, 1);
	CHECK_STR(s.c[0].name, "one");
	CHECK_INT(s.begin, 16);
	CHECK_INT(s.end, 24);
	btf__free(b);
}

TEST(numbers_are_added_and_written)
{
	static const char want[] = "{\"lb_count\":[2,4,6],\"lb_last\":2199023255552}";
	static const char *const prefix[] = { "lb_", NULL };
	uint64_t sum[KSET_MAX][KSET_ITEMS] = { 0 }, last = 1ULL << 40;
	struct json_object *o = json_object_new_object();
	struct btf *b = some_types();
	uint32_t part[18] = { 1, 2, 3 };
	struct jtext text = { 0 };
	struct kset s;

	memcpy(part + 16, &last, sizeof(last));
	kset_find(&s, b, "stats", prefix, false);
	kset_add(&s, part, sum);
	kset_add(&s, part, sum);
	kset_json(&s, sum, o);
	CHECK_STR(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), want);
	jtext_raw(&text, "{");
	kset_text(&s, sum, &text);
	jtext_raw(&text, "}");
	CHECK_INT(text.len, strlen(want));
	CHECK(memcmp(text.buf, want, text.len) == 0);
	jtext_free(&text);
	json_object_put(o);
	btf__free(b);
}

UNIT_MAIN(T(counters_are_integers_and_short_arrays_of_these_names), T(a_prefix_can_be_left_out),
	  T(numbers_are_added_and_written))
