// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/read/arith.c kt-check/model/limits.c
#include <math.h>

#include "kt-check/read/arith.h"
#include "kt-check/model/limits.h"
#include "unit.h"

TEST(rate)
{
	CHECK(arith_rate(209600, 5000000000ULL) == 41920.0);
	CHECK(arith_rate(0, 1) == 0);
	CHECK(isnan(arith_rate(5, 0)));
	CHECK(isnan(arith_rate(0, 0)));
	CHECK(isfinite(arith_rate(UINT64_MAX, 1)));
}

TEST(add_saturates)
{
	CHECK(arith_add(1, 2) == 3);
	CHECK(arith_add(UINT64_MAX, 0) == UINT64_MAX);
	CHECK(arith_add(UINT64_MAX, 1) == UINT64_MAX);
	CHECK(arith_add(UINT64_MAX - 1, UINT64_MAX - 1) == UINT64_MAX);
}

TEST(spread)
{
	struct moments m = { 0 };

	CHECK(isnan(moments_spread(&m)));
	moments_add(&m, 5);
	CHECK(isnan(moments_spread(&m)));
	moments_add(&m, 5);
	CHECK(moments_spread(&m) == 0);
	moments_add(&m, -1);
	moments_add(&m, 40);
	CHECK(moments_spread(&m) == 41);
}

TEST(cv_is_the_population_one)
{
	const double x[] = { 2, 4, 4, 4, 5, 5, 7, 9 }; /* mean 5, population stddev 2 */
	struct moments m = { 0 };
	int i;

	for (i = 0; i < 8; i++)
		moments_add(&m, x[i]);
	CHECK(fabs(m.mean - 5) < 1e-12);
	CHECK(fabs(moments_cv(&m) - 0.4) < 1e-12);
}

TEST(cv_without_a_denominator)
{
	struct moments m = { 0 };

	CHECK(isnan(moments_cv(&m)));
	moments_add(&m, 0);
	moments_add(&m, 0);
	CHECK(isnan(moments_cv(&m)));
}

TEST(cv_of_large_close_values)
{
	struct moments m = { 0 };

	/* sum of squares minus square of sums would lose all digits here */
	moments_add(&m, 1e15 + 1);
	moments_add(&m, 1e15 - 1);
	CHECK(fabs(moments_cv(&m) - 1e-15) < 1e-17);
}

static struct json_object *parse(const char *text)
{
	return json_tokener_parse(text);
}

TEST(limits_of_a_plan)
{
	struct json_object *o = parse("{\"isolation\":true,\"not_stuck\":false,\"max_gap_ms\":2000,"
				      "\"max_spread_pct\":null,\"min_work_rate\":0}");
	struct limits l;
	struct errbuf e;

	CHECK_INT(limits_from_plan(&l, o, &e), 0);
	CHECK(l.v[LIMIT_ISOLATION] == 1);
	CHECK(l.v[LIMIT_NOT_STUCK] == LIMIT_OFF);
	CHECK(l.v[LIMIT_MAX_GAP_MS] == 2000);
	CHECK(l.v[LIMIT_MAX_SPREAD_PCT] == LIMIT_OFF);
	CHECK(l.v[LIMIT_MIN_WORK_RATE] == 0); /* on, if hard to miss */
	CHECK(l.v[LIMIT_MIN_ITERATION_RATE] == LIMIT_UNSET);
	json_object_put(o);
	CHECK_INT(limits_from_plan(&l, NULL, &e), 0);
	CHECK(l.v[LIMIT_ISOLATION] == LIMIT_UNSET);
}

TEST(limits_refused)
{
	static const char *const bad[] = {
		"{\"isolation\":1}",   "{\"max_gap_ms\":\"2s\"}", "{\"max_gap_ms\":true}",
		"{\"max_gap_ms\":-1}", "{\"max_gap_ms\":NaN}",    "{\"max_gap_ms\":1e999}",
	};
	struct json_object *o;
	struct limits l;
	struct errbuf e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o = parse(bad[i]);
		CHECK(o && limits_from_plan(&l, o, &e) < 0);
		json_object_put(o);
	}
	CHECK_STR(e.text, "expected a number >= 0 or null as max_gap_ms");
}

TEST(limits_typed)
{
	static const char *const bad[] = {
		"", "x", "-1", "1s", " 1", "nan", "inf", "0x10", "1e999"
	};
	struct limits plan, over;
	struct errbuf e;
	size_t i;

	limits_init(&plan, 7);
	limits_init(&over, LIMIT_UNSET);
	CHECK_INT(limits_parse(&over, LIMIT_MAX_GAP_MS, "12.5", &e), 0);
	CHECK_INT(limits_parse(&over, LIMIT_MIN_WORK_RATE, "off", &e), 0);
	CHECK_INT(limits_parse(&over, LIMIT_MIN_ITERATION_RATE, "5e7", &e), 0);
	limits_override(&plan, &over);
	CHECK(plan.v[LIMIT_MAX_GAP_MS] == 12.5);
	CHECK(plan.v[LIMIT_MIN_WORK_RATE] == LIMIT_OFF);
	CHECK(plan.v[LIMIT_MIN_ITERATION_RATE] == 50000000);
	CHECK(plan.v[LIMIT_MAX_SPREAD_PCT] == 7);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(limits_parse(&over, LIMIT_MAX_GAP_MS, bad[i], &e) < 0);
}

UNIT_MAIN(T(rate), T(add_saturates), T(spread), T(cv_is_the_population_one),
	  T(cv_without_a_denominator), T(cv_of_large_close_values), T(limits_of_a_plan),
	  T(limits_refused), T(limits_typed))
