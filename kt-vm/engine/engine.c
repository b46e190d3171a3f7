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
	struct errbuf why;

	passed->text[0] = '\0';
	if (only) {
		if (only->probe(m, what, size, &why) == 0)
			return only;
		errbuf_set(e, 0, "the %s engine cannot run this guest here: %s", name, why.text);
		return NULL;
	}
	for (p = engines; *p; p++) {
		if ((*p)->probe(m, what, size, &why) == 0)
			return *p;
		if (passed->text[0])
			errbuf_set(e, 0, "no engine can run this guest here: %s; %s", passed->text,
				   why.text);
		else
			*passed = why;
	}
	return NULL;
}
