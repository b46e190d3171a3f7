// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/sink.c
/* What a guest may write to its console and its record port: anything, in any pieces. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "kt-vm/sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says where to cut the rest in two. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct rec_out out = { 0 };
	struct sink s;
	struct errbuf e;
	size_t cut;

	if (size < 2)
		return 0;
	if (!null)
		null = fopen("/dev/null", "we");
	out.f = null;
	cut = 1 + data[0] % (size - 1);
	sink_init(&s, &out);
	sink_console(&s, (const char *)data + 1, cut - 1);
	sink_console(&s, (const char *)data + cut, size - cut);
	sink_console_end(&s);
	if (sink_port(&s, (const char *)data + 1, cut - 1, &e) == 0)
		sink_port(&s, (const char *)data + cut, size - cut, &e);
	sink_free(&s);
	return 0;
}
