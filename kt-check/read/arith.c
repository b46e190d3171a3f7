// SPDX-License-Identifier: GPL-2.0-only
/* The formulas of the checks, and times as text. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith.h"
#include "array.h"
#include "units.h"

double arith_rate(uint64_t n, uint64_t ns)
{
	return ns ? (double)n / ((double)ns / NSEC_PER_SEC) : NAN;
}

uint64_t arith_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Three digits, and `more` of them. */
static const char *put_time(double ns, int more, char buf[ARITH_TIME])
{
	static const struct {
		double ns;
		const char *name;
	} units[] = { { NSEC_PER_SEC, "s" }, { NSEC_PER_MSEC, "ms" }, { NSEC_PER_USEC, "us" } };
	const char *name = "ns";
	double v = ns;
	size_t i, len;
	int d;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (fabs(ns) < units[i].ns)
			continue;
		v = ns / units[i].ns;
		name = units[i].name;
		break;
	}
	d = (fabs(v) >= 100 ? 0 : fabs(v) >= 10 ? 1 : 2) + more;
	snprintf(buf, ARITH_TIME - 2, "%.*f", d, v);
	len = strlen(buf);
	if (strchr(buf, '.')) {
		while (buf[len - 1] == '0')
			len--;
		len -= buf[len - 1] == '.';
	}
	snprintf(buf + len, ARITH_TIME - len, "%s", name);
	return buf;
}

const char *arith_time(double ns, char buf[ARITH_TIME])
{
	return put_time(ns, 0, buf);
}

void arith_times(double a_ns, double b_ns, char a[ARITH_TIME], char b[ARITH_TIME])
{
	int more = 0;

	do {
		put_time(a_ns, more, a);
		put_time(b_ns, more, b);
	} while (a_ns != b_ns && strcmp(a, b) == 0 && more++ < 9);
}

void moments_add(struct moments *m, double x)
{
	double delta = x - m->mean;

	if (!m->n++)
		m->min = m->max = x;
	m->mean += delta / (double)m->n;
	m->m2 += delta * (x - m->mean);
	m->min = fmin(m->min, x);
	m->max = fmax(m->max, x);
}

double moments_cv(const struct moments *m)
{
	if (m->n < 2 || m->mean == 0)
		return NAN;
	return sqrt(m->m2 / (double)m->n) / m->mean;
}

double moments_spread(const struct moments *m)
{
	return m->n < 2 ? NAN : m->max - m->min;
}
