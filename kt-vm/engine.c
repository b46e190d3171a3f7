// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "engine.h"

const struct engine_ops *const engines[] = { &engine_tcg, NULL };

const struct engine_ops *engine_find(const char *name, char *what, size_t size, struct errbuf *e)
{
	const struct engine_ops *const *p;
	int is_auto = strcmp(name, "auto") == 0;

	for (p = engines; *p; p++)
		if ((is_auto || strcmp((*p)->name, name) == 0) && (*p)->probe(what, size, e) == 0)
			return *p;
	return NULL;
}
