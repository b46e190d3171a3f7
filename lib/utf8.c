// SPDX-License-Identifier: GPL-2.0-only
/* Which bytes are UTF-8, and text made safe for the JSON parser. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

size_t utf8_len(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool utf8_is_ascii(const char *s, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); s += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, s, sizeof(word));
		if (word & 0x8080808080808080)
			return false;
	}
	for (; len; s++, len--)
		if (*s & 0x80)
			return false;
	return true;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t n;

	for (; len; s += n, len -= n) {
		n = utf8_len(s, len);
		if (!n)
			return false;
	}
	return true;
}

/* Of a well-formed character of 2 to 4 bytes. */
static uint32_t code_point(const char *s, size_t n)
{
	uint32_t c = (unsigned char)s[0] & (0xff >> (n + 1));
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

static char *put(char *p, uint32_t c)
{
	if (c >= 0x10000) { /* a surrogate pair */
		p = put(p, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	return p + sprintf(p, "\\u%04x", c);
}

char *utf8_escape(const char *s, size_t len, size_t *out_len)
{
	char *out = malloc(6 * len + 1), *p = out;
	bool escaped = false; /* behind a backslash, where another would hide it */
	size_t n;

	for (; out && len; s += n, len -= n) {
		n = utf8_len(s, len);
		if (n == 1 || escaped)
			*p++ = *s;
		else
			p = put(p, n ? code_point(s, n) : 0xfffd);
		n = n == 0 || escaped ? 1 : n;
		escaped = *s == '\\' && !escaped;
	}
	if (out)
		*out_len = (size_t)(p - out);
	return out;
}
