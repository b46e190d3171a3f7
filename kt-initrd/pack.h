/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_INITRD_PACK_H
#define KT_INITRD_PACK_H

#include <limits.h>
#include <stdint.h>

#include "errbuf.h"
#include "sha256.h"
#include "tree.h"

/* A finished archive. */
struct packed {
	char path[PATH_MAX]; /* absolute */
	int64_t size;
	char sha256[SHA256_HEX];
};

/*
 * Makes the archive: `plan` (may be empty) uncompressed, then `base` compressed, which is
 * taken from the cache if it is there. With `output` NULL the archive goes into the cache. Returns
 * 0 or -errno: -ENOPKG for a missing cpio, -EINTR when a signal came.
 */
int pack(struct tree *plan, struct tree *base, const char *output, struct packed *p,
	 struct errbuf *e);

#endif
