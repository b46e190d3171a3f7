/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_INCLUDE_H
#define KT_INITRD_INCLUDE_H

#include "errbuf.h"
#include "libs.h"
#include "tree.h"

/*
 * Adds what an option --include SRC[:DEST] names: a file, a program (bare names:
 * in the working directory, then in PATH) or all of a directory.
 */
int include_add(struct tree *t, struct libs *l, const char *spec, struct errbuf *e);
/* Adds a file or all of a directory as `dest`; must_run is that of closure_add(). */
int include_path(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		 struct errbuf *e);

#endif
