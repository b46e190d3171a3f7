/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_READ_ARITH_H
#define KT_CHECK_READ_ARITH_H

#include <stdbool.h>
#include <stdint.h>

/* The formulas of the checks. A value that does not exist (division by zero) is NAN. */

/* `n` events in `ns` nanoseconds, as events per second. */
double arith_rate(uint64_t n, uint64_t ns);

/* A time as a person reads it, "4.2s" or "250us", into buf, which is returned. */
#define ARITH_TIME 32
const char *arith_time(double ns, char buf[ARITH_TIME]);
/* Two of them, with as many digits as it takes to tell them apart. */
void arith_times(double a_ns, double b_ns, char a[ARITH_TIME], char b[ARITH_TIME]);

/* a + b, or the largest value: a counter from a guest must not wrap around to a small one. */
uint64_t arith_add(uint64_t a, uint64_t b);

/* Count, mean, population variance and range of the values added so far (Welford). */
struct moments {
	uint64_t n;
	double mean, m2, min, max;
};

void moments_add(struct moments *m, double x);
double moments_cv(const struct moments *m); /* population stddev / mean; NAN for n < 2 or mean 0 */
double moments_spread(const struct moments *m); /* max - min; NAN for less than two values */

#endif
