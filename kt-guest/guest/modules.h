/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_GUEST_MODULES_H
#define KT_GUEST_GUEST_MODULES_H

#include "errbuf.h"

/*
 * Loads the modules that kt-initrd has packed: without them a distribution's kernel may have no
 * way to the record port. 0, or -errno of the first that the kernel does not take.
 */
int modules_load(struct errbuf *e);

#endif
