/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_CLOSURE_H
#define KT_INITRD_CLOSURE_H

#include <stdbool.h>

#include "errbuf.h"
#include "libs.h"
#include "tree.h"

/*
 * Adds the file `src` to the tree as `dest`, with all that it needs in order to
 * run: an ELF program's interpreter, its libraries and what these need; a script's
 * interpreter. With `must_run` the file gets mode 0755, and a file that this machine
 * cannot run is an error; without, such a file is data.
 */
int closure_add(struct tree *t, struct libs *l, const char *src, const char *dest, bool must_run,
		struct errbuf *e);

#endif
