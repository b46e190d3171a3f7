/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_MODEL_SERIES_H
#define KT_CHECK_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verdict.h"

/*
 * A value over time, and the patterns that it is held against. Numbers are long double:
 * its 64 bits of mantissa hold every counter of a kernel exactly.
 */
struct point {
	int64_t t_ns;
	long double v;
	int64_t step;     /* that ran then */
	unsigned int tag; /* number of the sample or snapshot */
	bool ok;          /* false: it could not be read */
};

struct series {
	struct point *p;
	size_t n, cap;
	size_t before;    /* points before the first that could be read: not part of it */
	bool snapshots;   /* else samples */
	int64_t begin_ns; /* of the workload: times are told from there */
};

/* 0 or -ENOMEM. */
int series_add(struct series *s, const struct point *p);
void series_free(struct series *s);
/* It ends with the last point that could be read. */
void series_close(struct series *s);
/* Points that could be read. */
size_t series_usable(const struct series *s);

enum pattern {
	PATTERN_NONDECREASING,
	PATTERN_STRICTLY_INCREASING,
	PATTERN_RATE_WITHIN,
	PATTERN_STEADY_WITHIN,
	PATTERN_CONVERGES_TO,
	PATTERN_ALWAYS_TRUE,
	PATTERN_RATIO_WITHIN,
	PATTERN_EACH,
	PATTERN_RATIO_ACROSS_STEPS,
	PATTERN_COUNT
};

enum reducer { REDUCE_DELTA, REDUCE_FIRST, REDUCE_LAST, REDUCE_MEAN, REDUCE_COUNT };

struct rule {
	enum pattern pattern;
	double min, max; /* bounds; NAN: none */
	double target, tolerance;
	int64_t time_ns; /* warm-up or deadline, from the workload's beginning */
	int64_t from_step, to_step;
	enum reducer reduce;
};

struct outcome {
	enum verdict verdict;
	double observed, limit; /* NAN: none */
	char text[320];
};

/* `other` is the denominator of PATTERN_RATIO_WITHIN, taken at the same times. */
void series_judge(const struct series *s, const struct series *other, const struct rule *r,
		  struct outcome *o);

#endif
