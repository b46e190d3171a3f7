/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SOURCE_H
#define KT_SOURCE_H

#include <limits.h>
#include <stdint.h>

#include "errbuf.h"
#include "image.h"
#include "job.h"

enum source_kind { SOURCE_TREE, SOURCE_TARBALL, SOURCE_DEB };

/* Where kernel source comes from: a directory, a tarball, or a package that holds one. */
struct source {
	enum source_kind kind;
	char name[PATH_MAX];    /* absolute path, or "deb:PACKAGE" */
	char tarball[PATH_MAX]; /* empty: a tree, or a package yet to be downloaded */
	char package[128];
	int64_t size, mtime; /* of the tarball */
};

const char *source_kind_name(enum source_kind k); /* "tree", "tarball", "deb" */

/* Says what SOURCE is, without unpacking anything: 0, or a kt_exit code with the reason in `e`. */
int source_resolve(struct source *s, const char *arg, struct errbuf *e);

/* The release that a tree's Makefile names, "6.12.117"; -EINVAL if it is no kernel tree. */
int source_version(const char *tree, char version[IMAGE_VERSION_MAX], struct errbuf *e);

/*
 * Both run helpers: job_run() tells how they return. source_download() gets a
 * package that is not installed into `dir`, and sets ->tarball.
 */
int source_download(struct source *s, const char *dir, struct job *j, const char *log,
		    struct errbuf *e);
int source_unpack(const struct source *s, const char *tree, struct job *j, const char *log,
		  struct errbuf *e);

#endif
