// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/entitle/entitle.c
#include <math.h>
#include <string.h>

#include "kt-check/entitle/entitle.h"
#include "unit.h"

static struct entitle_kind kind(const char *cpus, double load, uint32_t tasks)
{
	struct entitle_kind k = { .load = load, .tasks = tasks };
	struct errbuf e;

	cpulist_parse(cpus, &k.cpus, &e);
	return k;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 0.002;
}

TEST(alike_ones_on_whole_cpus)
{
	struct entitle_kind k = kind("0-1", 1, 3);

	CHECK(entitle_solve(&k, 1) == 0);
	CHECK(near(k.share, 2.0 / 3));
	CHECK(near(k.floor, 0.5)); /* two on one CPU, one on the other */
	k = kind("0-1", 1, 2);
	CHECK(entitle_solve(&k, 1) == 0);
	CHECK(near(k.share, 1) && near(k.floor, 1));
	k = kind("0-3", 1, 1);
	CHECK(entitle_solve(&k, 1) == 0);
	CHECK(near(k.share, 1) && near(k.floor, 1));
	k = kind("0-1", 1, 64);
	CHECK(entitle_solve(&k, 1) == 0);
	CHECK(near(k.share, 1.0 / 32));
	CHECK(near(k.floor, 1.0 / 36)); /* 36 against 28 are left alone, 56 against 8 are not */
}

TEST(weights)
{
	struct entitle_kind k[] = { kind("0-1", 1991, 2), kind("0-1", 1024, 2),
				    kind("0-1", 526, 2) };

	CHECK(entitle_solve(k, 3) == 0);
	CHECK(near(k[0].share, 0.562) && near(k[1].share, 0.289) && near(k[2].share, 0.149));
	CHECK(k[0].floor > 0.40 && k[0].floor < 0.45);
	CHECK(k[2].floor > 0.12 && k[2].floor < 0.149);
}

TEST(one_cpu_is_exact)
{
	struct entitle_kind k[] = { kind("2", 3, 1), kind("2", 1, 2) };

	CHECK(entitle_solve(k, 2) == 0);
	CHECK(near(k[0].share, 0.6) && near(k[0].floor, 0.6));
	CHECK(near(k[1].share, 0.2) && near(k[1].floor, 0.2));
}

TEST(no_task_has_two_cpus)
{
	struct entitle_kind k[] = { kind("0-3", 100, 1), kind("0-3", 100.0 / 63, 63) };

	CHECK(entitle_solve(k, 2) == 0);
	CHECK(near(k[0].share, 1) && k[0].floor > 0.9);
	CHECK(near(k[1].share, 3.0 / 63));
	CHECK(k[1].floor > 0.7 * k[1].share);
}

TEST(masks)
{
	struct entitle_kind k[] = { kind("0-1", 1, 3), kind("1-2", 1, 3) };

	CHECK(entitle_solve(k, 2) == 0);
	CHECK(near(k[0].share, 0.5) && near(k[1].share, 0.5));
	CHECK(k[0].floor > 0.3);
	k[0] = kind("0", 1, 2);
	k[1] = kind("1-3", 1, 4);
	CHECK(entitle_solve(k, 2) == 0);
	CHECK(near(k[0].share, 0.5) && near(k[0].floor, 0.5));
	CHECK(near(k[1].share, 0.75) && near(k[1].floor, 0.5));
}

/* Two pinned to CPU 1, two that may also go to CPU 2: these leave, but one may stay. */
TEST(pinned_beside_free_ones)
{
	struct entitle_kind k[] = { kind("1", 1, 2), kind("1-2", 1, 2) };

	CHECK(entitle_solve(k, 2) == 0);
	CHECK(near(k[0].share, 0.5) && near(k[1].share, 0.5));
	CHECK(k[0].floor >= 1.0 / 3 && k[0].floor <= 0.5);
}

TEST(nothing_is_promised_beyond_the_limits)
{
	struct entitle_kind k[ENTITLE_KINDS + 1];
	uint32_t i;

	for (i = 0; i < ENTITLE_KINDS + 1; i++)
		k[i] = kind("0-1023", 1 + i, 1 + i);
	CHECK(entitle_solve(k, ENTITLE_KINDS + 1) < 0);
	CHECK(entitle_solve(k, ENTITLE_KINDS) == 0);
	for (i = 0; i < ENTITLE_KINDS; i++)
		CHECK(k[i].share > 0 && k[i].floor > 0 && k[i].floor <= k[i].share);
}

UNIT_MAIN(T(alike_ones_on_whole_cpus), T(weights), T(one_cpu_is_exact), T(no_task_has_two_cpus),
	  T(masks), T(pinned_beside_free_ones), T(nothing_is_promised_beyond_the_limits))
