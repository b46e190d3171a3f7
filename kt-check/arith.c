// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "arith.h"
#include "units.h"

double arith_rate(uint64_t n, uint64_t ns)
{
	return ns ? (double)n / ((double)ns / NSEC_PER_SEC) : NAN;
}

uint64_t arith_add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
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
