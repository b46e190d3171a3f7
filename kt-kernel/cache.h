/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CACHE_H
#define KT_CACHE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "errbuf.h"
#include "image.h"
#include "sha256.h"

/*
 * The kernel cache, $XDG_CACHE_HOME/kt/kernels: one directory KEY per kernel
 * with bzImage, vmlinux, config and metadata.json. An entry appears whole or
 * not at all.
 */
#define CACHE_KEY_MAX 200

/* metadata.json */
struct cache_meta {
	char version[IMAGE_VERSION_MAX];
	char kind[16];         /* deb, tarball, tree */
	char source[PATH_MAX]; /* as given, absolute */
	int64_t source_size;   /* of a tarball: with the next one, tells whether it is the same */
	int64_t source_mtime;
	char kconfig[SHA256_HEX]; /* of kt.config and what was added to it */
	char base[SHA256_HEX];    /* of kt.config alone */
	char built_at[32];
	int64_t build_seconds;
	int64_t files;
	char sha256[SHA256_HEX]; /* of bzImage */
};

struct cache_entry {
	char key[CACHE_KEY_MAX];
	char dir[PATH_MAX];
	struct cache_meta meta;
	bool sched_ext;
	char corrupt[256]; /* why the entry cannot be used, or empty */
};

struct cache {
	char dir[PATH_MAX];
	struct cache_entry *entry; /* newest version first, corrupt ones last */
	size_t n;
};

/* Reads all entries; with `deep` also compares their images' sums. Returns 0 or -errno. */
int cache_open(struct cache *c, bool deep, struct errbuf *e);
void cache_free(struct cache *c);

/* Compares versions; returns as strcmp() does: 6.9 < 6.12-rc1 < 6.12 < 6.12.117. */
int cache_version_cmp(const char *a, const char *b);
/* "6.12" and "6.12.117" are both specs for 6.12.117; "6.12.1" is none. */
bool cache_version_matches(const char *version, const char *spec);

/*
 * cache_begin() makes a directory of a temporary name in the cache, into which the caller
 * puts the files. cache_commit() adds metadata.json and makes the directory the entry KEY,
 * in place of an earlier one.
 */
int cache_begin(const struct cache *c, char tmp[PATH_MAX], struct errbuf *e);
int cache_commit(const struct cache *c, const char *tmp, const char *key,
		 const struct cache_meta *m, struct errbuf *e);

#endif
