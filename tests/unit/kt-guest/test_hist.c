// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/measure/hist.c
#include <math.h>

#include "kt-guest/measure/hist.h"
#include "unit.h"

TEST(empty)
{
	static struct hist h;

	CHECK_INT(hist_percentile(&h, 99), 0);
	CHECK(hist_mean(&h) == 0 && hist_cv(&h) == 0);
	hist_add(&h, 5, 0);
	CHECK_INT(h.count, 0);
}

TEST(small_values_are_exact)
{
	static struct hist h;
	uint64_t i;

	for (i = 1; i <= 100; i++)
		hist_add(&h, i, 1);
	CHECK_INT(hist_percentile(&h, 0), 1);
	CHECK_INT(hist_percentile(&h, 50), 50);
	CHECK_INT(hist_percentile(&h, 99), 99);
	CHECK_INT(hist_percentile(&h, 99.9), 100);
	CHECK_INT(hist_percentile(&h, 100), 100);
	CHECK(fabs(hist_mean(&h) - 50.5) < 1e-9);
}

TEST(any_value_is_close)
{
	static struct hist h;
	uint64_t v;

	for (v = 1; v < 1ULL << 43; v += v / 3 + 1) {
		memset(&h, 0, sizeof(h));
		hist_add(&h, 0, 1);
		hist_add(&h, v, 8);
		hist_add(&h, ~0ULL, 1); /* so that neither end cuts the percentile */
		CHECK(fabs((double)hist_percentile(&h, 50) - (double)v) <= 0.008 * (double)v);
	}
}

TEST(huge_values_are_kept_apart)
{
	static struct hist h;

	hist_add(&h, 10, 9);
	hist_add(&h, ~0ULL, 1);
	CHECK_INT(hist_percentile(&h, 90), 10);
	CHECK(hist_percentile(&h, 100) > 1ULL << 43);
	CHECK(h.max == ~0ULL);
}

TEST(weights_count_as_often)
{
	static struct hist h, two;

	hist_add(&h, 10, 99);
	hist_add(&h, 1000, 1);
	CHECK_INT(h.count, 100);
	CHECK_INT(hist_percentile(&h, 99), 10);
	CHECK_INT(hist_percentile(&h, 100), 1000);
	CHECK(fabs(hist_mean(&h) - 19.9) < 1e-9);
	hist_add(&two, 10, 1);
	hist_add(&two, 30, 1);
	CHECK(fabs(hist_cv(&two) - 0.5) < 1e-9); /* population: deviation 10, mean 20 */
}

TEST(merged_is_as_if_added)
{
	static struct hist a, b, all;
	uint64_t i;

	for (i = 0; i < 5000; i++) {
		hist_add(i % 3 ? &a : &b, i * 7, 1 + i % 2);
		hist_add(&all, i * 7, 1 + i % 2);
	}
	hist_merge(&a, &b);
	CHECK(memcmp(a.bucket, all.bucket, sizeof(a.bucket)) == 0);
	CHECK_INT(a.count, all.count);
	CHECK_INT(a.min, all.min);
	CHECK_INT(a.max, all.max);
	CHECK(fabs(hist_cv(&a) - hist_cv(&all)) < 1e-9);
}

UNIT_MAIN(T(empty), T(small_values_are_exact), T(any_value_is_close), T(huge_values_are_kept_apart),
	  T(weights_count_as_often), T(merged_is_as_if_added))
