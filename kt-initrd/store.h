/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_STORE_H
#define KT_INITRD_STORE_H

#include <limits.h>

#include "errbuf.h"

/*
 * The cache: base-KEY holds a packed and compressed set of programs, named by
 * a hash of its inputs; SHA256.cpio is a finished archive, named by its own hash.
 */
struct store {
	char dir[PATH_MAX];
};

/* A file that becomes visible under its name only when it is complete. */
struct temp {
	int fd; /* -1: none */
	char path[PATH_MAX];
};

int store_open(struct store *s, struct errbuf *e);
/* Opens base-KEY and marks it as used now. Returns its descriptor, or -ENOENT. */
int store_base(const struct store *s, const char *key);

int temp_make(struct temp *t, const char *dir, struct errbuf *e);
int temp_commit(struct temp *t, const char *path, struct errbuf *e);
void temp_drop(struct temp *t);

/* Removes old files that are not among the newest 16 of their kind. */
void store_prune(const struct store *s);

#endif
