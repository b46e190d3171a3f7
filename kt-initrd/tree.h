/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_TREE_H
#define KT_INITRD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "errbuf.h"
#include "sha256.h"

/* The contents of an archive before it is made: what goes where in the guest. */
enum node_kind { NODE_DIR, NODE_FILE };

struct node {
	enum node_kind kind;
	char *dest; /* absolute and normalised */
	mode_t mode;
	char *src;    /* NODE_FILE: the host's file, or NULL for `data` */
	char *data;   /* else its contents */
	size_t size;  /* of data */
	bool strip;   /* leave its debug sections out */
	bool implied; /* a directory that only holds others: its mode may still be set */
};

struct tree {
	struct node **v;
	size_t n, cap;
	void *index; /* of v by dest: tsearch(3) */
};

/* These functions add missing parents, and return -EEXIST if `dest` is taken by another node. */
int tree_dir(struct tree *t, const char *dest, mode_t mode, struct errbuf *e);
int tree_file(struct tree *t, const char *dest, const char *src, mode_t mode, bool strip,
	      struct errbuf *e);
int tree_data(struct tree *t, const char *dest, const char *data, size_t size, struct errbuf *e);

bool tree_has(const struct tree *t, const char *dest); /* dest: normalised */

/* Sorts by path: parents before children, the same order for the same contents. */
void tree_sort(struct tree *t);
/*
 * Adds paths, modes and contents of all entries to a sum; call tree_sort() first. `root` is
 * the directory that holds copies of the files (root + dest), or NULL to read the originals.
 */
int tree_sum(const struct tree *t, const char *root, struct sha256 *sum, struct errbuf *e);
void tree_free(struct tree *t);

/*
 * An absolute path without "//", "." and "..", as the guest would see it with no
 * links on the way: 0, -EINVAL (not absolute, a newline) or -ENAMETOOLONG; out is of PATH_MAX.
 */
int tree_normalise(const char *path, char *out);

#endif
