/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_IMAGE_H
#define KT_IMAGE_H

#include <stddef.h>

#include "errbuf.h"

/* Kernel images: what the header of a bzImage says (Documentation/arch/x86/boot.rst). */
#define IMAGE_VERSION_MAX 128
#define IMAGE_HEAD        (64 << 10) /* enough for the header and its version string */

/*
 * Checks the first `len` bytes of a file. Returns 0 for a bzImage that has a 64-bit
 * entry, with its release ("6.12.117") in `version` (empty if it names none);
 * -EINVAL with the reason otherwise.
 */
int image_parse(const unsigned char *head, size_t len, char version[IMAGE_VERSION_MAX],
		struct errbuf *e);

/* Does the same for a file; also returns -errno of reading it. */
int image_read(const char *path, char version[IMAGE_VERSION_MAX], struct errbuf *e);

#endif
