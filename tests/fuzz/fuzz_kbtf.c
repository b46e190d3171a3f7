// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/btf.c kt-vm/kernel/value.c
/*
 * BTF as a guest's memory may have it, and values of its types: what kt-vm does with that of a
 * BPF program. The input begins with a byte: odd, and good BTF is changed in as many places as
 * the next byte says; even, and a length and BTF follow, any bytes. The rest is a value.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <bpf/libbpf.h>

#include "errbuf.h"
#include "kt-vm/kernel/btf.h"
#include "kt-vm/kernel/value.h"

#define TYPES     64  /* looked at, of each input */
#define NODES     200 /* in all values of one input */
#define VALUE_MAX 256

enum { CHANGED = 1, CHECKED = 2 };

struct change {
	uint16_t where; /* a word of 4 bytes */
	uint8_t how, arg;
	uint32_t value;
} __attribute__((packed));

static uint8_t good[2048], memory[2048];
static uint32_t good_len;

/* Most of the time goes into keeping what was freed, and from where. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=0:quarantine_size_mb=1:"
	       "thread_local_quarantine_size_kb=16";
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Types of each kind that there is, some within others. */
static struct btf *make_btf(void)
{
	struct btf *b = btf__new_empty();
	int i32 = btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	int u8 = btf__add_int(b, "u8", 1, 0), truth = btf__add_int(b, "bool", 1, BTF_INT_BOOL);
	int u64 = btf__add_int(b, "u64", 8, 0), c = btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	int text = btf__add_array(b, i32, c, 8), many = btf__add_array(b, i32, u8, 100);
	int alias = btf__add_typedef(b, "alias", btf__add_const(b, btf__add_volatile(b, i32)));
	int tagged = btf__add_ptr(b, btf__add_type_tag(b, "tag", btf__add_restrict(b, i32)));
	int kind = btf__add_enum(b, "kind", 4), wide, inner, middle, outer, sizes;

	btf__add_enum_value(b, "NONE", 0);
	btf__add_enum_value(b, "SOME", 1);
	wide = btf__add_enum64(b, "wide", 8, false);
	btf__add_enum64_value(b, "HUGE", 1ULL << 40);
	inner = btf__add_union(b, "", 8);
	btf__add_field(b, "word", u64, 0, 0);
	btf__add_field(b, "text", text, 0, 0);
	middle = btf__add_struct(b, "", 24);
	btf__add_field(b, "", inner, 0, 0);
	btf__add_field(b, "kind", kind, 64, 0);
	btf__add_field(b, "low", i32, 96, 5);
	btf__add_field(b, "high", i32, 101, 27);
	btf__add_field(b, "wide", wide, 128, 0);
	sizes = btf__add_array(b, i32, middle, 2);
	outer = btf__add_struct(b, "s", 200);
	btf__add_field(b, "a", sizes, 0, 0);
	btf__add_field(b, "", middle, 8 * 48, 0);
	btf__add_field(b, "alias", alias, 8 * 72, 0);
	btf__add_field(b, "truth", truth, 8 * 76, 0);
	btf__add_field(b, "tagged", tagged, 8 * 80, 0);
	btf__add_field(b, "many", many, 8 * 88, 0);
	btf__add_fwd(b, "later", BTF_FWD_STRUCT);
	btf__add_float(b, "float", 4);
	btf__add_func(b, "f", BTF_FUNC_GLOBAL, btf__add_func_proto(b, i32));
	btf__add_decl_tag(b, "declared", outer, 0);
	btf__add_var(b, "a", BTF_VAR_GLOBAL_ALLOCATED, outer);
	btf__add_datasec(b, ".bss", 200);
	btf__add_datasec_var_info(b, (int)btf__type_cnt(b) - 2, 0, 200);
	return b;
}

static void init(void)
{
	struct btf *b = make_btf();
	const void *data = btf__raw_data(b, &good_len);

	libbpf_set_print(silent);
	if (!data || good_len > sizeof(good))
		abort();
	memcpy(good, data, good_len);
	btf__free(b);
}

static void change(const uint8_t *data, size_t n)
{
	uint32_t w, other, words = good_len / 4;
	struct change c;

	memcpy(memory, good, good_len);
	for (; n--; data += sizeof(c)) {
		memcpy(&c, data, sizeof(c));
		memcpy(&w, memory + 4 * (c.where % words), 4);
		memcpy(&other, memory + 4 * (c.value % words), 4);
		switch (c.how % 4) {
		case 0:
			w = c.value;
			break;
		case 1: /* another type, or more of what there is */
			w = (w & ~0xffU) | c.arg;
			break;
		case 2:
			w = other;
			break;
		case 3:
			w += (uint32_t)(int8_t)c.arg;
			break;
		}
		memcpy(memory + 4 * (c.where % words), &w, 4);
	}
}

/* As a reader of records would take it. */
static void check(struct json_object *j)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *again;
	const char *text = json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN);

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	again = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
	if (!again && json_tokener_get_error(tok) != json_tokener_success) {
		fprintf(stderr, "%s\n", text);
		abort();
	}
	json_object_put(again);
	json_tokener_free(tok);
}

/* Of the types only some, for that is faster: another input looks at others. */
static bool is_chosen(uint32_t type, uint8_t how)
{
	return how >> 4 == 15 || type % 15 == how >> 4;
}

static void look(const struct btf *btf, const uint8_t *value, size_t len, uint8_t how)
{
	static const char *const path[] = { "a[1].text", "a", "", "low", "nothing", "many[3]" };
	uint32_t i, n = btf__type_cnt(btf);
	uint64_t work = NODES;
	struct errbuf e;
	struct kfield f;
	size_t p;

	for (i = 1; i < n && i < TYPES; i++) {
		struct json_object *j;

		if (!is_chosen(i, how))
			continue;
		j = kval_json(btf, i, value, len, &work);
		if (how & CHECKED)
			check(j);
		json_object_put(j);
		kbtf_target(btf, i);
		p = i % (sizeof(path) / sizeof(path[0]));
		if (kbtf_member(btf, i, path[p], &f, &e) == 0) {
			json_object_put(kval_field(btf, &f, value, len));
			kval_number(&f, value, len);
		}
	}
	kbtf_variable(btf, "a");
	i = kbtf_struct(btf, "s");
	for (p = 0; p < sizeof(path) / sizeof(path[0]); p++)
		if (kbtf_member(btf, i, path[p], &f, &e) == 0)
			kval_number(&f, value, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t value[VALUE_MAX];
	size_t len, used;
	struct btf *btf;
	uint16_t n;

	if (!good_len)
		init();
	if (size < 4)
		return 0;
	if (*data & CHANGED) {
		n = data[1];
		if (n > (size - 2) / sizeof(struct change))
			n = (uint16_t)((size - 2) / sizeof(struct change));
		change(data + 2, n);
		used = 2 + n * sizeof(struct change);
		btf = btf__new(memory, good_len);
	} else {
		memcpy(&n, data + 1, 2);
		if (n > size - 3)
			n = (uint16_t)(size - 3);
		used = 3U + n;
		btf = btf__new(data + 3, n);
	}
	if (!btf)
		return 0;
	/* the value again and again, so that all of a large one is there */
	for (len = 0; len < sizeof(value); len++)
		value[len] = size > used ? data[used + len % (size - used)] : (uint8_t)len;
	/* or less of it than the types say */
	len = size > used && data[used] == 1 ? size - used : sizeof(value);
	look(btf, value, len < sizeof(value) ? len : sizeof(value), *data);
	btf__free(btf);
	return 0;
}
