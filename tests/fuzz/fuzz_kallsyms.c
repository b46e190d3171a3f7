// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/kallsyms.c
/* A kernel's .rodata that is the input: whatever is found in it lies within what was made of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-vm/kernel/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[KALLSYMS_NAME_MAX];
	struct kallsyms k;
	uint32_t i, at = 0;

	if (kallsyms_find(&k, data, size, 0xffffffff82000000ULL, NULL))
		return 0;
	for (i = 0; i < k.n; i++) {
		if (i % 512 == 0)
			at = kallsyms_where(&k, i);
		at = kallsyms_name(&k, at, name);
		if (at > size || strlen(name) >= sizeof(name) ||
		    kallsyms_addr(&k, i) > kallsyms_addr(&k, k.n - 1))
			abort();
	}
	kallsyms_size(&k, k.n / 2);
	return 0;
}
