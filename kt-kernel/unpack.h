/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_UNPACK_H
#define KT_UNPACK_H

#include "errbuf.h"

/*
 * The vmlinux that is packed in a bzImage: distributions ship no other, and it has all that an
 * observer needs. It is unpacked once and kept in the cache by the image's sum. `vmlinux` is of
 * PATH_MAX bytes; it stays empty for an image with nothing in it. 0 or -errno with words.
 */
int unpack_vmlinux(const char *image, char *vmlinux, struct errbuf *e);

#endif
