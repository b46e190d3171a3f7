// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary format of /etc/ld.so.cache since glibc 2.2, on a little-endian
 * machine: a header of 48 bytes, entries of 24, then strings; offsets count from
 * the header. An older header with entries of its own may come first. A
 * damaged cache finds less, and nothing is read outside of it.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ldcache.h"

static const char magic[] = "glibc-ld.so.cache1.1";

#define HEADER    48
#define ENTRY     24
#define OFF_NLIBS 20
#define ENT_KEY   4
#define ENT_VALUE 8
#define ENT_HWCAP 16

static uint32_t get32(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

void ldcache_init(struct ldcache *c, const void *data, size_t size)
{
	const unsigned char *at = memmem(data, size, magic, sizeof(magic) - 1);

	memset(c, 0, sizeof(*c));
	if (!at)
		return;
	size -= (size_t)(at - (const unsigned char *)data);
	if (size < HEADER)
		return;
	c->base = at;
	c->size = size;
	c->nlibs = get32(at + OFF_NLIBS);
	if (c->nlibs > (size - HEADER) / ENTRY)
		c->nlibs = (uint32_t)((size - HEADER) / ENTRY);
}

void ldcache_open(struct ldcache *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	memset(c, 0, sizeof(*c));
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map != MAP_FAILED) {
			ldcache_init(c, map, (size_t)st.st_size);
			c->map = map;
			c->map_size = (size_t)st.st_size;
		}
	}
	close(fd);
}

void ldcache_close(struct ldcache *c)
{
	if (c->map)
		munmap(c->map, c->map_size);
	memset(c, 0, sizeof(*c));
}

/* A string of the cache, or NULL when it does not end within. */
static const char *string_at(const struct ldcache *c, uint32_t off)
{
	if (off >= c->size || !memchr(c->base + off, '\0', c->size - off))
		return NULL;
	return (const char *)c->base + off;
}

const char *ldcache_find(const struct ldcache *c, const char *soname, uint32_t *pos)
{
	while (*pos < c->nlibs) {
		const unsigned char *ent = c->base + HEADER + (size_t)(*pos)++ * ENTRY;
		const char *key = string_at(c, get32(ent + ENT_KEY)), *value;
		bool plain = !get32(ent + ENT_HWCAP) && !get32(ent + ENT_HWCAP + 4);

		if (!plain || !key || strcmp(key, soname))
			continue;
		value = string_at(c, get32(ent + ENT_VALUE));
		if (value && value[0] == '/')
			return value;
	}
	return NULL;
}
