// SPDX-License-Identifier: GPL-2.0-only
/* Durations, sizes and whole numbers as people write them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{ "ns", 1 },           { "us", NSEC_PER_USEC },    { "ms", NSEC_PER_MSEC },
	{ "s", NSEC_PER_SEC }, { "m", 60 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC },
	{ NULL, 0 },
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", 1ULL << 10 },
	{ "KiB", 1ULL << 10 },
	{ "M", 1ULL << 20 },
	{ "MiB", 1ULL << 20 },
	{ "G", 1ULL << 30 },
	{ "GiB", 1ULL << 30 },
	{ "T", 1ULL << 40 },
	{ "TiB", 1ULL << 40 },
	{ NULL, 0 },
};

static uint64_t factor_of(const struct unit *u, const char *name)
{
	for (; u->name; u++)
		if (strcmp(u->name, name) == 0)
			return u->factor;
	return 0;
}

/* Digits at s into *v, at most UINT64_MAX; returns what follows, or NULL when there is none. */
static const char *digits(const char *s, uint64_t *v)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return NULL;
	*v = strtoull(s, &end, 10);
	return end;
}

int units_duration(const char *s, uint64_t *ns, struct errbuf *e)
{
	uint64_t whole, factor, place, frac = 0;
	const char *p = digits(s, &whole), *point = NULL;

	if (p && *p == '.' && isdigit((unsigned char)p[1]))
		for (point = ++p; isdigit((unsigned char)*p);)
			p++;
	if (p && strcmp(s, "0") == 0) {
		*ns = 0;
		return 0;
	}
	factor = p ? factor_of(durations, p) : 0;
	if (!factor)
		return errbuf_set(e, -EINVAL,
				  "'%s' is no duration (expected a number and ns, us, ms, s, m "
				  "or h, such as \"1.5s\")",
				  s);
	for (place = factor / 10; point && isdigit((unsigned char)*point); place /= 10)
		frac += (uint64_t)(*point++ - '0') * place;
	if (__builtin_mul_overflow(whole, factor, &whole) ||
	    __builtin_add_overflow(whole, frac, ns) || *ns > INT64_MAX)
		return errbuf_set(e, -ERANGE, "duration '%s' is too long", s);
	return 0;
}

int units_size(const char *s, uint64_t *bytes, struct errbuf *e)
{
	uint64_t v, factor;
	const char *p = digits(s, &v);

	factor = p ? factor_of(sizes, p) : 0;
	if (!factor)
		return errbuf_set(e, -EINVAL,
				  "'%s' is no size (expected a whole number and K, M, G or T, "
				  "such as \"512M\")",
				  s);
	if (__builtin_mul_overflow(v, factor, bytes) || *bytes > INT64_MAX)
		return errbuf_set(e, -ERANGE, "size '%s' is too large", s);
	return 0;
}

int units_number(const char *s, uint64_t min, uint64_t max, uint64_t *v, struct errbuf *e)
{
	const char *p = digits(s, v);

	if (!p || *p || *v < min || *v > max)
		return errbuf_set(e, -EINVAL, "'%s' is not a whole number from %llu to %llu", s,
				  (unsigned long long)min, (unsigned long long)max);
	return 0;
}

char *units_format_ns(char *buf, uint64_t ns)
{
	const struct unit *u = &durations[3];

	while (u > durations && ns < u->factor)
		u--;
	if (ns % u->factor == 0)
		snprintf(buf, 24, "%llu%s", (unsigned long long)(ns / u->factor), u->name);
	else
		snprintf(buf, 24, "%.4g%s", (double)ns / u->factor, u->name);
	return buf;
}
