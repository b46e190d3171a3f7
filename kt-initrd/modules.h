/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_MODULES_H
#define KT_INITRD_MODULES_H

#include "errbuf.h"
#include "tree.h"

/*
 * Adds the modules without which a guest has no console to the tree as /kt/modules; `dir` is the
 * kernel's /lib/modules/RELEASE. The names there sort in the order in which to load them.
 */
int modules_add(struct tree *t, const char *dir, struct errbuf *e);

#endif
