/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SHA256_H
#define KT_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4), for names in caches: no secrets, no need for constant time. */
#define SHA256_HEX 65 /* 64 digits and a NUL */

struct sha256 {
	uint32_t h[8];
	uint64_t bytes;
	unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
/* Ends the sum, as lower-case hexadecimal, into hex of SHA256_HEX bytes; returns hex. */
char *sha256_hex(struct sha256 *s, char *hex);
/* Adds the rest of a file: 0 or -errno of read(). */
int sha256_add_fd(struct sha256 *s, int fd);

#endif
