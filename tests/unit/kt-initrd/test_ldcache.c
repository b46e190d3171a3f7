// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-initrd/ldcache.c
#include <stdint.h>
#include <stdlib.h>

#include "kt-initrd/ldcache.h"
#include "unit.h"

struct entry {
	int32_t flags;
	uint32_t key, value, osversion;
	uint64_t hwcap;
};

struct cache {
	char magic[20];
	uint32_t nlibs, len_strings, unused[5];
	struct entry e[3];
	char strings[64];
};

static void cache_init(struct cache *c)
{
	static const char strings[] = "liba.so\0/opt/liba.so\0/lib/liba.so\0rel/liba.so";
	const uint32_t at = offsetof(struct cache, strings);

	memset(c, 0, sizeof(*c));
	memcpy(c->magic, "glibc-ld.so.cache1.1", 20);
	c->nlibs = 3;
	c->e[0] = (struct entry){ .key = at, .value = at + 8, .hwcap = 1ULL << 62 };
	c->e[1] = (struct entry){ .key = at, .value = at + 34 };
	c->e[2] = (struct entry){ .key = at, .value = at + 21 };
	memcpy(c->strings, strings, sizeof(strings));
}

static const char *find(const void *data, size_t size, const char *name)
{
	/* a heap copy of exactly this size: the sanitizer sees each byte too many */
	static char found[64];
	void *copy = malloc(size ? size : 1);
	struct ldcache c;
	uint32_t pos = 0;
	const char *path;

	memcpy(copy, data, size);
	ldcache_init(&c, copy, size);
	path = ldcache_find(&c, name, &pos);
	snprintf(found, sizeof(found), "%s", path ? path : "none");
	free(copy);
	return found;
}

/* hwcap entries and relative paths are passed over */
TEST(lookup)
{
	struct cache c;

	cache_init(&c);
	CHECK_STR(find(&c, sizeof(c), "liba.so"), "/lib/liba.so");
	CHECK_STR(find(&c, sizeof(c), "libb.so"), "none");
}

TEST(old_header_first)
{
	char both[sizeof(struct cache) + 32] = "ld.so-1.7.0";

	cache_init((struct cache *)(both + 32));
	CHECK_STR(find(both, sizeof(both), "liba.so"), "/lib/liba.so");
}

/* cut anywhere, and with any offset, it finds less and reads nothing outside */
TEST(damage)
{
	struct cache c;
	size_t len;

	cache_init(&c);
	for (len = 0; len < offsetof(struct cache, strings) + 34; len++)
		CHECK_STR(find(&c, len, "liba.so"), "none");
	c.nlibs = UINT32_MAX;
	CHECK_STR(find(&c, sizeof(c), "liba.so"), "/lib/liba.so");
	c.e[2].value = UINT32_MAX;
	CHECK_STR(find(&c, sizeof(c), "liba.so"), "none");
	cache_init(&c);
	c.e[2].key = sizeof(c);
	CHECK_STR(find(&c, sizeof(c), "liba.so"), "none");
	CHECK_STR(find("no cache", 8, "liba.so"), "none");
}

UNIT_MAIN(T(lookup), T(old_header_first), T(damage))
