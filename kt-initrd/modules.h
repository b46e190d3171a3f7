/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_MODULES_H
#define KT_INITRD_MODULES_H

#include "errbuf.h"
#include "tree.h"

/*
 * Adds what a kernel has as modules (below `dir`, its /lib/modules/RELEASE) and a guest cannot
 * speak without: in /kt/modules, by names in the order in which they are to be loaded.
 */
int modules_add(struct tree *t, const char *dir, struct errbuf *e);

#endif
