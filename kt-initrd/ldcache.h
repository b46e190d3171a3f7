/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_LDCACHE_H
#define KT_INITRD_LDCACHE_H

#include <stddef.h>
#include <stdint.h>

/* glibc's /etc/ld.so.cache, which says in which file a library name is found. */
struct ldcache {
	const unsigned char *base; /* start of the new-format header, or NULL: no cache */
	size_t size;               /* from base to the end of the file */
	uint32_t nlibs;
	void *map;
	size_t map_size;
};

/* A file that is missing or no cache becomes an empty cache, in which nothing is found. */
void ldcache_open(struct ldcache *c, const char *path);
void ldcache_init(struct ldcache *c, const void *data, size_t size);
void ldcache_close(struct ldcache *c);

/*
 * Returns the next path of `soname`, or NULL after the last one; *pos starts at 0.
 * Libraries for special CPUs (hwcaps) are left out: a guest's CPU may lack them.
 */
const char *ldcache_find(const struct ldcache *c, const char *soname, uint32_t *pos);

#endif
