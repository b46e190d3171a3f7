// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kallsyms.c
/* A kernel's .rodata that is the input: whatever is found in it lies within what was made of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-vm/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms k;
	size_t i;

	if (kallsyms_read(&k, data, size, 0xffffffff82000000ULL, NULL))
		return 0;
	for (i = 0; i < k.n; i++)
		if (!k.entry[i].name || strlen(k.entry[i].name) > size * 512)
			abort();
	kallsyms_free(&k);
	return 0;
}
