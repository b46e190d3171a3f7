// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kbtf.c kt-vm/kval.c
/*
 * BTF as a guest's kernel memory may have it, any bytes, and values of its types: what kt-vm
 * does with that of a BPF program. The input is a length, BTF, and the bytes of a value.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <bpf/libbpf.h>

#include "errbuf.h"
#include "kt-vm/kbtf.h"
#include "kt-vm/kval.h"

#define TYPES 64 /* looked at, of each input */

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static void look(const struct btf *btf, const uint8_t *value, size_t len)
{
	uint32_t i, n = btf__type_cnt(btf);
	struct errbuf e;
	struct kfield f;

	for (i = 1; i < n && i < TYPES; i++) {
		json_object_put(kval_json(btf, i, value, len, NULL));
		kbtf_target(btf, i);
		if (kbtf_member(btf, i, "a.b[1].c", &f, &e) == 0 ||
		    kbtf_member(btf, i, "a", &f, &e) == 0 || kbtf_member(btf, i, "", &f, &e) == 0) {
			json_object_put(kval_field(btf, &f, value, len));
			kval_number(&f, value, len);
		}
	}
	kbtf_variable(btf, "a");
	kbtf_struct(btf, "s");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *btf;
	uint16_t len;

	libbpf_set_print(silent);
	if (size < 2)
		return 0;
	memcpy(&len, data, 2);
	if (len > size - 2)
		len = (uint16_t)(size - 2);
	btf = btf__new(data + 2, len);
	if (!btf)
		return 0;
	look(btf, data + 2 + len, size - 2 - len);
	btf__free(btf);
	return 0;
}
