/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_STORE_H
#define KT_INITRD_STORE_H

#include <limits.h>

#include "errbuf.h"

/*
 * The cache: base-KEY holds a packed and compressed set of programs, named by
 * what went in; SHA256.cpio is a finished archive, named by what is in it.
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
/* A descriptor on base-KEY, marked as used now; -ENOENT: not there. */
int store_base(const struct store *s, const char *key);

int temp_make(struct temp *t, const char *dir, struct errbuf *e);
int temp_commit(struct temp *t, const char *path, struct errbuf *e);
void temp_drop(struct temp *t);

/* Removes what is neither among the newest 16 of its kind nor young. */
void store_prune(const struct store *s);

#endif
