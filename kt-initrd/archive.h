/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_ARCHIVE_H
#define KT_INITRD_ARCHIVE_H

#include <limits.h>

#include "errbuf.h"
#include "tree.h"

/* A private directory for the files on their way into an archive. */
struct workdir {
	char path[PATH_MAX]; /* empty: none */
};

int workdir_make(struct workdir *w, struct errbuf *e);
void workdir_remove(struct workdir *w);
/* Creates or truncates file `name` in w, for reading and writing. Returns its fd or -errno. */
int workdir_file(const struct workdir *w, const char *name, struct errbuf *e);

/* Copies a tree to the directory `name` of w. The caller calls tree_sort() first. */
int archive_stage(const struct workdir *w, const char *name, const struct tree *t,
		  struct errbuf *e);
/* Strips debug sections from the copies marked for it; without strip(1) they stay. */
int archive_strip(const struct workdir *w, const char *name, const struct tree *t,
		  struct errbuf *e);
/* Writes the staged tree to `fd` as a newc archive, by GNU cpio. Returns -ENOPKG without cpio. */
int archive_cpio(const struct workdir *w, const char *name, const struct tree *t, int fd,
		 struct errbuf *e);
/* Compresses all of `in` to `out` with zstd, which kernels accept for an initramfs. */
int archive_zstd(int in, int out, struct errbuf *e);
/* Appends all of `in`, from its start, to `out`. */
int archive_append(int in, int out, struct errbuf *e);

#endif
