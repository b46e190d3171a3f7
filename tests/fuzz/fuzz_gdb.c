// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/tcg/gdb.c
/* Bytes from a gdb stub: framing, then what a packet may be. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-vm/engine/tcg/gdb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vcpu_regs r;
	struct gdb_stop s;
	char out[600], *text = malloc(size + 1), again[1300];
	size_t used, from = 0;

	while (gdb_unpack((const char *)data + from, size - from, &used, out, sizeof(out)) == 1) {
		gdb_stop_reply(out, &s);
		gdb_registers(out, &r);
		if (gdb_pack(again, sizeof(again), out) < 0)
			abort(); /* what fits into out fits, twice as long, into this */
		from += used;
	}
	if (used > size - from)
		abort();
	/* and what a packet could say, without the luck of a right checksum */
	memcpy(text, data, size);
	text[size] = '\0';
	gdb_stop_reply(text, &s);
	gdb_registers(text, &r);
	free(text);
	return 0;
}
