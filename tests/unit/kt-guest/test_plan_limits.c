// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/plan/common/limits.c kt-guest/plan/common/relations.c kt-guest/testfile/*.c
#include <json-c/json.h>

#include "kt-guest/plan/common/limits.h"
#include "unit.h"

static struct limits set(const char *a, const char *b)
{
	struct limits l = { 0 };
	struct errbuf e;

	CHECK_INT(limits_set(&l, a, &e), 0);
	if (b)
		CHECK_INT(limits_set(&l, b, &e), 0);
	return l;
}

TEST(last_layer_wins)
{
	struct limits base = set("max_gap_ms=10", "min_work_rate=1");
	struct limits over = set("max_gap_ms=20", "isolation=true");

	limits_merge(&base, &over);
	CHECK_INT(base.v[LIMIT_MAX_GAP_MS].value, 20);
	CHECK_INT(base.v[LIMIT_MIN_WORK_RATE].value, 1);
	CHECK_INT(base.v[LIMIT_ISOLATION].state, LIMIT_ON);
	over = set("max_gap_ms=null", "isolation=false");
	limits_merge(&base, &over);
	CHECK_INT(base.v[LIMIT_MAX_GAP_MS].state, LIMIT_OFF);
	CHECK_INT(base.v[LIMIT_ISOLATION].state, LIMIT_OFF);
}

TEST(not_stuck_brings_gap_and_spread)
{
	struct limits l = set("not_stuck=true", NULL);

	limits_complete(&l, NULL);
	CHECK_INT(l.v[LIMIT_MAX_GAP_MS].value, 2000);
	CHECK_INT(l.v[LIMIT_MAX_SPREAD_PCT].value, 15);
	l = set("not_starved=true", "max_gap_ms=null");
	limits_complete(&l, NULL);
	CHECK_INT(l.v[LIMIT_MAX_GAP_MS].state, LIMIT_OFF);
	CHECK_INT(l.v[LIMIT_MAX_SPREAD_PCT].value, 15);
	l = set("not_stuck=false", NULL);
	limits_complete(&l, NULL);
	CHECK_INT(l.v[LIMIT_MAX_GAP_MS].state, LIMIT_UNSET);
}

TEST(small_limits_stay_exact)
{
	struct limits l = set("max_throughput_cv=0.0005", "min_iteration_rate=50000000");
	struct json_object *o = limits_json(&l), *v;

	json_object_object_get_ex(o, "max_throughput_cv", &v);
	CHECK_STR(json_object_get_string(v), "0.0005");
	json_object_object_get_ex(o, "min_iteration_rate", &v);
	CHECK_STR(json_object_get_string(v), "50000000");
	json_object_put(o);
}

TEST(mistakes)
{
	static const char *const bad[] = {
		"",
		"=",
		"max_gap_ms",
		"max_gap_ms=",
		"max_gap_ms=x",
		"max_gap_ms=1x",
		"max_gap_ms=-1",
		"max_gap_ms= 1",
		"max_gap_ms=nan",
		"max_gap_ms=inf",
		"max_spread_pct=101",
		"max_gap_ms=true",
		"isolation=1",
		"isolation=",
		"nope=1",
	};
	struct limits l = { 0 };
	struct errbuf e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(limits_set(&l, bad[i], &e) < 0);
}

UNIT_MAIN(T(last_layer_wins), T(not_stuck_brings_gap_and_spread), T(small_limits_stay_exact),
	  T(mistakes))
