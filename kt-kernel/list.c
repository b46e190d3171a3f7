// SPDX-License-Identifier: GPL-2.0-only
/* Owns `kt-kernel list`: it looks at entries harder than `find` does, their sums included. */
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "exit.h"
#include "find.h"
#include "list.h"
#include "msg.h"

static const char *state(const struct cache_entry *en, const char *base)
{
	if (base[0] && strcmp(en->meta.base, base))
		return "from another kt.config";
	return strcmp(en->meta.kconfig, en->meta.base) ? "good, with a fragment of its own"
						       : "good";
}

static void table(const struct cache *c)
{
	char base[SHA256_HEX];
	size_t i;
	int width = 3;

	find_base_hash(base);
	for (i = 0; i < c->n; i++)
		if ((int)strlen(c->entry[i].key) > width)
			width = (int)strlen(c->entry[i].key);
	printf("%-12s %-*s %-20s %s\n", "VERSION", width, "KEY", "BUILT", "STATE");
	for (i = 0; i < c->n; i++) {
		const struct cache_entry *en = &c->entry[i];

		if (en->corrupt[0])
			printf("%-12s %-*s %-20s corrupt: %s\n", "-", width, en->key, "-",
			       en->corrupt);
		else
			printf("%-12s %-*s %-20s %s\n", en->meta.version, width, en->key,
			       en->meta.built_at, state(en, base));
	}
}

static void records(const struct cache *c, struct rec_out *out)
{
	struct found f;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (c->entry[i].corrupt[0]) {
			msg_warn("%s is corrupt: %s", c->entry[i].dir, c->entry[i].corrupt);
			continue;
		}
		found_entry(&f, &c->entry[i]);
		found_put(out, &f);
	}
}

int list_kernels(bool json, struct rec_out *out)
{
	struct errbuf e;
	struct cache c;

	if (cache_open(&c, true, &e))
		return msg_err(KT_HOST, 0, "%s", e.text);
	if (json)
		records(&c, out);
	else if (c.n)
		table(&c);
	else
		msg_info("no kernels in %s; type 'kt kernel build'", c.dir);
	cache_free(&c);
	return KT_OK;
}
