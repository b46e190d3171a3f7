// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "engine.h"

const struct engine_ops *const engines[] = { &engine_kvm, &engine_tcg, NULL };

const struct engine_ops *engine_named(const char *name)
{
	const struct engine_ops *const *p;

	for (p = engines; *p && strcmp((*p)->name, name); p++)
		;
	return *p;
}

const struct engine_ops *engine_find(const char *name, const struct machine *m, char *what,
				     size_t size, struct errbuf *passed, struct errbuf *e)
{
	const struct engine_ops *const *p, *only = engine_named(name);

	passed->text[0] = '\0';
	if (only)
		return only->probe(m, what, size, e) ? NULL : only;
	for (p = engines; *p; p++) {
		if ((*p)->probe(m, what, size, e) == 0)
			return *p;
		if (p[1])
			errbuf_set(passed, 0, "%s", e->text);
	}
	return NULL;
}
