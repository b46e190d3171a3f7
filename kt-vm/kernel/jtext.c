// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "jtext.h"

#define FIRST 4096

static bool room(struct jtext *t, size_t n)
{
	size_t cap = t->cap ? t->cap : FIRST;
	char *buf;

	if (t->failed || n > JTEXT_MAX - t->len) {
		t->failed = true;
		return false;
	}
	if (t->len + n <= t->cap)
		return true;
	while (cap < t->len + n)
		cap *= 2;
	buf = realloc(t->buf, cap);
	if (!buf) {
		t->failed = true;
		return false;
	}
	t->buf = buf;
	t->cap = cap;
	return true;
}

static void add(struct jtext *t, const char *s, size_t n)
{
	if (!room(t, n))
		return;
	memcpy(t->buf + t->len, s, n);
	t->len += n;
}

static void comma(struct jtext *t)
{
	char last = t->len ? t->buf[t->len - 1] : '[';

	if (last != '[' && last != '{' && last != ':')
		add(t, ",", 1);
}

void jtext_reset(struct jtext *t)
{
	t->len = 0;
	t->failed = false;
}

void jtext_free(struct jtext *t)
{
	free(t->buf);
	*t = (struct jtext){ 0 };
}

void jtext_raw(struct jtext *t, const char *s)
{
	add(t, s, strlen(s));
}

void jtext_uint(struct jtext *t, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	comma(t);
	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	add(t, digits + n, sizeof(digits) - n);
}

void jtext_int(struct jtext *t, int64_t v)
{
	char *at;

	if (v >= 0) {
		jtext_uint(t, (uint64_t)v);
		return;
	}
	/* the digits first, then the sign in front of them: they may come with a comma */
	comma(t);
	if (!room(t, 21))
		return;
	t->buf[t->len++] = ':'; /* so that no comma comes between */
	at = t->buf + t->len - 1;
	jtext_uint(t, -(uint64_t)v);
	*at = '-';
}

void jtext_bool(struct jtext *t, bool v)
{
	comma(t);
	jtext_raw(t, v ? "true" : "false");
}

void jtext_null(struct jtext *t)
{
	comma(t);
	jtext_raw(t, "null");
}

static void escaped(struct jtext *t, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	char u[6] = { '\\', 'u', '0', '0' };

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			add(t, (char[]){ '\\', (char)c }, 2);
		else if (c >= 0x7f)
			add(t, "?", 1);
		else if (c >= 0x20)
			add(t, s, 1);
		else {
			u[4] = hex[c >> 4];
			u[5] = hex[c & 15];
			add(t, u, sizeof(u));
		}
	}
}

void jtext_str(struct jtext *t, const char *s)
{
	comma(t);
	add(t, "\"", 1);
	escaped(t, s);
	add(t, "\"", 1);
}

void jtext_key(struct jtext *t, const char *key)
{
	jtext_str(t, key);
	add(t, ":", 1);
}

void jtext_open(struct jtext *t, char bracket)
{
	comma(t);
	add(t, &bracket, 1);
}

void jtext_close(struct jtext *t, char bracket)
{
	add(t, &bracket, 1);
}
