/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_UTF8_H
#define KT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the UTF-8 character at s (RFC 3629), 0 if there is none; left: how many follow. */
size_t utf8_len(const char *s, size_t left);
bool utf8_is_ascii(const char *s, size_t len);
/* Is all of it UTF-8? */
bool utf8_valid(const char *s, size_t len);
/*
 * JSON text in ASCII: each character beyond it as \uXXXX, each byte that is no UTF-8 as \ufffd.
 * For the parser: json-c 0.18 (Debian 13) takes such characters for control characters when it
 * is strict (json-c issues 875 and 892). NULL: out of memory. At most 6 bytes for each.
 */
char *utf8_escape(const char *s, size_t len, size_t *out_len);

#endif
