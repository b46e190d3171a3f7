// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/model/series.c
/* The arithmetic of temporal checks: bounds, gaps, and series that say nothing. */
#include <math.h>
#include <string.h>

#include "kt-check/model/series.h"
#include "unit.h"
#include "units.h"

#define GAP 1e30L /* a point that could not be read */

/* A series of points 100 ms apart from 0 s on, four to a step. */
static struct series make(const long double *v, size_t n)
{
	struct series s = { 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		struct point p = { .t_ns = (int64_t)(i * 100 * NSEC_PER_MSEC),
				   .v = v[i] == GAP ? 0 : v[i],
				   .step = (int64_t)(i / 4),
				   .tag = (unsigned int)i,
				   .ok = v[i] != GAP };
		series_add(&s, &p);
	}
	series_close(&s);
	return s;
}

static struct outcome judged(const long double *v, size_t n, struct rule r)
{
	struct series s = make(v, n);
	struct outcome o;

	series_judge(&s, &s, &r, &o);
	series_free(&s);
	return o;
}

#define JUDGE(how, ...)                                                            \
	judged((const long double[]){ __VA_ARGS__ },                               \
	       sizeof((const long double[]){ __VA_ARGS__ }) / sizeof(long double), \
	       (struct rule)how)
#define R(...)              \
	{                   \
		__VA_ARGS__ \
	}

TEST(order)
{
	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), 1, 1, 2).verdict, V_PASS);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), 1, 2, 1).verdict, V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STRICTLY_INCREASING), 1, 1, 2).verdict, V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STRICTLY_INCREASING), 1, 2, 3).verdict, V_PASS);
	/* a gap is not bridged: 5 and 1 are no neighbours */
	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), 4, 5, GAP, 1, 2).verdict, V_PASS);
	/* neighbours beyond what a double tells apart */
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STRICTLY_INCREASING), 18446744073709551614.0L,
			18446744073709551615.0L)
			  .verdict,
		  V_PASS);
}

TEST(too_short)
{
	struct outcome o;

	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), 1).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), GAP, GAP).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_NONDECREASING), 1, GAP, 2).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATE_WITHIN, .max = 10), 1).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STEADY_WITHIN, .tolerance = 1), 1).verdict,
		  V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_EACH, .min = 0, .max = 1), GAP).verdict,
		  V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_ALWAYS_TRUE), GAP).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATIO_WITHIN, .max = 1), GAP).verdict, V_INCONCLUSIVE);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATIO_ACROSS_STEPS, .to_step = 1, .max = 1), 1, 2)
			  .verdict,
		  V_INCONCLUSIVE);
	o = JUDGE(R(.pattern = PATTERN_NONDECREASING), 1);
	CHECK_STR(o.text, "1 samples with a value, and it takes 2 to say anything");
	o = JUDGE(R(.pattern = PATTERN_NONDECREASING), GAP, GAP);
	CHECK_STR(o.text, "no value in 2 samples: there is no such variable");
}

/* 1 in 100 ms is 10 per second. */
TEST(rates)
{
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATE_WITHIN, .min = 10, .max = 20), 1, 2, 4).verdict,
		  V_PASS);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATE_WITHIN, .min = 11, .max = 20), 1, 2, 4).verdict,
		  V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_RATE_WITHIN, .min = 0, .max = 19), 1, 2, 4).verdict,
		  V_FAIL);
	CHECK_INT((int)JUDGE(R(.pattern = PATTERN_RATE_WITHIN, .min = 0, .max = 19), 1, 2, 4)
			  .observed,
		  20);
}

TEST(two_points_of_one_time)
{
	struct point p = { .ok = true, .v = 1 };
	struct rule r = { .pattern = PATTERN_RATE_WITHIN, .max = 1e9 };
	struct series s = { 0 };
	struct outcome o;

	series_add(&s, &p);
	series_add(&s, &p);
	series_judge(&s, &s, &r, &o);
	CHECK_INT(o.verdict, V_INCONCLUSIVE);
	CHECK_STR(o.text, "no rate between sample 0 at 0.0s and sample 0 at 0.0s");
	series_free(&s);
}

TEST(steadiness)
{
	CHECK_INT(
		JUDGE(R(.pattern = PATTERN_STEADY_WITHIN, .tolerance = 0.1), 90, 100, 110).verdict,
		V_PASS);
	CHECK_INT(
		JUDGE(R(.pattern = PATTERN_STEADY_WITHIN, .tolerance = 0.1), 89, 100, 111).verdict,
		V_FAIL);
	/* the warm-up counts for neither the mean nor the band */
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STEADY_WITHIN, .tolerance = 0.1,
			  .time_ns = 100 * NSEC_PER_MSEC),
			9000, 100, 101)
			  .verdict,
		  V_PASS);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_STEADY_WITHIN, .tolerance = 0.1), -90, -100, -110)
			  .verdict,
		  V_PASS);
}

TEST(convergence)
{
	struct rule r = { .pattern = PATTERN_CONVERGES_TO,
			  .target = 10,
			  .tolerance = 1,
			  .time_ns = 500 * NSEC_PER_MSEC };
	const long double yes[] = { 1, 20, 9, 10, 11, 50 }, late[] = { 1, 20, 20, 9, 10, 11, 10 };
	const long double no[] = { 9, 10, 1, 9, 10, 1, 10 }, cut[] = { 9, 10, 1, 2 };
	const long double gap[] = { 9, 10, GAP, 10, 1, 1, 1 };

	CHECK_INT(judged(yes, 6, r).verdict, V_PASS);
	CHECK_INT(judged(late, 7, r).verdict, V_PASS); /* the third one is right at the deadline */
	r.time_ns--;
	CHECK_INT(judged(late, 7, r).verdict, V_FAIL);
	CHECK_INT(judged(no, 7, r).verdict, V_FAIL);
	CHECK_INT(judged(gap, 7, r).verdict, V_FAIL);
	CHECK_INT(judged(cut, 4, r).verdict, V_INCONCLUSIVE); /* it ends before the deadline */
}

TEST(each)
{
	CHECK_INT(JUDGE(R(.pattern = PATTERN_EACH, .min = 1, .max = 3), 1, 2, 3).verdict, V_PASS);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_EACH, .min = 2, .max = NAN), 1, 2).verdict, V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_EACH, .min = NAN, .max = 1), 1, 2).verdict, V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_EACH, .min = NAN, .max = 9), 1, GAP, 2).verdict,
		  V_FAIL);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_ALWAYS_TRUE), 1, 1).verdict, V_PASS);
	CHECK_INT(JUDGE(R(.pattern = PATTERN_ALWAYS_TRUE), 1, 0).verdict, V_FAIL);
	/* what is not there at first and at last is not part of it */
	CHECK_INT(JUDGE(R(.pattern = PATTERN_ALWAYS_TRUE), GAP, 1, 1, GAP).verdict, V_PASS);
}

TEST(ratios)
{
	struct series s = make((const long double[]){ 1, 2, 3 }, 3);
	struct series t = make((const long double[]){ GAP, 4, 6 }, 3);
	struct series zero = make((const long double[]){ 1, 0, 6 }, 3);
	struct rule r = { .pattern = PATTERN_RATIO_WITHIN, .min = 0.5, .max = 0.5 };
	struct outcome o;

	series_judge(&s, &t, &r, &o); /* partners are those of the same sample */
	CHECK_INT(o.verdict, V_PASS);
	series_judge(&t, &s, &r, &o);
	CHECK_INT(o.verdict, V_FAIL);
	r.max = 9;
	series_judge(&s, &zero, &r, &o);
	CHECK_INT(o.verdict, V_INCONCLUSIVE);
	series_free(&s);
	series_free(&t);
	series_free(&zero);
}

TEST(steps)
{
	const long double v[] = { 0, 1, 2, 10, 10, 12, 20, 30 };
	struct rule r = { .pattern = PATTERN_RATIO_ACROSS_STEPS, .to_step = 1, .min = NAN };

	r.max = 2;
	CHECK_INT(judged(v, 8, r).verdict, V_PASS); /* 20 to 10 */
	r.max = 1.9;
	CHECK_INT(judged(v, 8, r).verdict, V_FAIL);
	r.reduce = REDUCE_LAST;
	r.max = 3;
	CHECK_INT(judged(v, 8, r).verdict, V_PASS);
	r.reduce = REDUCE_FIRST; /* 10 to 0 */
	CHECK_INT(judged(v, 8, r).verdict, V_INCONCLUSIVE);
	r.reduce = REDUCE_MEAN; /* 18 to 3.25 */
	r.min = 5.5;
	r.max = 5.6;
	CHECK_INT(judged(v, 8, r).verdict, V_PASS);
}

UNIT_MAIN(T(order), T(too_short), T(rates), T(two_points_of_one_time), T(steadiness),
	  T(convergence), T(each), T(ratios), T(steps))
