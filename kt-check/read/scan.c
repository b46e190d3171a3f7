// SPDX-License-Identifier: GPL-2.0-only
/* Reads JSON from left to right without building a tree. */
#include <string.h>

#include "scan.h"

#define DEPTH_MAX 32 /* of values in values, as json-c's own */

void scan_init(struct scan *s, const char *text, size_t len)
{
	*s = (struct scan){ .p = text, .end = text + len };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next character that is no white space, or 0 at the end. */
static char next(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
	return s->p < s->end && !s->bad ? *s->p : '\0';
}

static bool take(struct scan *s, char c)
{
	if (next(s) != c)
		return false;
	s->p++;
	return true;
}

static void expect(struct scan *s, char c)
{
	if (!take(s, c))
		s->bad = true;
}

bool scan_object(struct scan *s)
{
	if (take(s, '{'))
		return true;
	scan_skip(s);
	return false;
}

bool scan_array(struct scan *s)
{
	if (take(s, '['))
		return true;
	scan_skip(s);
	return false;
}

/* What a backslash and the character behind it stand for; those beyond ASCII become '?'. */
static char unescape(struct scan *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = s->p < s->end ? strchr(from, *s->p) : NULL;
	unsigned int v = 0;
	int i;

	if (at && *at) {
		s->p++;
		return to[at - from];
	}
	if (s->end - s->p < 5 || *s->p != 'u') {
		s->bad = true;
		return '?';
	}
	for (i = 1; i <= 4; i++) {
		char c = s->p[i];

		if (c >= '0' && c <= '9')
			v = v * 16 + (unsigned int)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v * 16 + (unsigned int)((c | 32) - 'a') + 10;
		else
			s->bad = true;
	}
	s->p += 5;
	return v && v < 128 ? (char)v : '?';
}

/* The string whose opening quote is read; `buf` may be NULL with a size of 0. */
static void string(struct scan *s, char *buf, size_t size)
{
	size_t n = 0;
	char c;

	while (s->p < s->end && *s->p != '"' && !s->bad) {
		c = *s->p++;
		if ((unsigned char)c < ' ')
			s->bad = true;
		if (c == '\\')
			c = unescape(s);
		if (n + 1 < size)
			buf[n++] = c;
	}
	if (size)
		buf[n] = '\0';
	expect(s, '"');
}

bool scan_member(struct scan *s, bool *first, char key[SCAN_KEY_MAX])
{
	if (s->bad || take(s, '}'))
		return false;
	if (!*first)
		expect(s, ',');
	*first = false;
	expect(s, '"');
	if (s->bad)
		return false;
	string(s, key, SCAN_KEY_MAX);
	expect(s, ':');
	return !s->bad;
}

bool scan_item(struct scan *s, bool *first)
{
	if (s->bad || take(s, ']'))
		return false;
	if (!*first)
		expect(s, ',');
	*first = false;
	return !s->bad;
}

static bool is_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

bool scan_number(struct scan *s, uint64_t *v)
{
	const char *begin;
	bool fits = true;

	*v = 0;
	next(s);
	begin = s->p;
	for (; is_digit(s); s->p++)
		fits &= !__builtin_mul_overflow(*v, 10ULL, v) &&
			!__builtin_add_overflow(*v, (uint64_t)(*s->p - '0'), v);
	if (s->p > begin && fits && (s->p == s->end || !strchr(".eE", *s->p)))
		return !s->bad;
	s->p = begin;
	scan_skip(s);
	return false;
}

static bool word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, w, n) != 0)
		return false;
	s->p += n;
	return true;
}

bool scan_truth(struct scan *s, bool *v)
{
	char c = next(s);

	*v = c == 't' && word(s, "true");
	if (*v || (c == 'f' && word(s, "false")))
		return true;
	scan_skip(s);
	return false;
}

bool scan_string(struct scan *s, char *buf, size_t size)
{
	buf[0] = '\0';
	if (take(s, '"')) {
		string(s, buf, size);
		return !s->bad;
	}
	scan_skip(s);
	return false;
}

/* A number, true, false or null. */
static void scalar(struct scan *s)
{
	const char *begin = s->p;

	if (word(s, "null") || word(s, "true") || word(s, "false"))
		return;
	while (s->p < s->end && *s->p && strchr("+-.0123456789eE", *s->p))
		s->p++;
	if (s->p == begin)
		s->bad = true;
}

static void skip(struct scan *s, int depth)
{
	char key[SCAN_KEY_MAX], c = next(s);
	bool first = true;

	if (depth > DEPTH_MAX || !c) {
		s->bad = true;
	} else if (take(s, '{')) {
		while (scan_member(s, &first, key))
			skip(s, depth + 1);
	} else if (take(s, '[')) {
		while (scan_item(s, &first))
			skip(s, depth + 1);
	} else if (take(s, '"')) {
		string(s, NULL, 0);
	} else {
		scalar(s);
	}
}

void scan_skip(struct scan *s)
{
	skip(s, 0);
}

bool scan_done(struct scan *s)
{
	return !next(s) && !s->bad && s->p == s->end;
}
