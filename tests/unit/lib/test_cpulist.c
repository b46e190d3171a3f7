// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cpulist.h"
#include "unit.h"

static struct errbuf e;
static char text[CPULIST_TEXT_MAX];

/* Parses and formats again; the reason when it does not parse. */
static const char *again(const char *s)
{
	struct cpulist l;

	return cpulist_parse(s, &l, &e) ? e.text : cpulist_format(&l, text);
}

TEST(round_trip)
{
	CHECK_STR(again(""), "");
	CHECK_STR(again("\n"), "");
	CHECK_STR(again("0"), "0");
	CHECK_STR(again("0-3,7"), "0-3,7");
	CHECK_STR(again("0-3,7\n"), "0-3,7");
	CHECK_STR(again("7,0,1,2-3"), "0-3,7");
	CHECK_STR(again("5-5"), "5");
	CHECK_STR(again("1023"), "1023");
	CHECK_STR(again("0-1023"), "0-1023");
	CHECK_STR(again("62-65"), "62-65"); /* over a word's edge */
	CHECK_STR(again("1,1,1"), "1");
}

TEST(mistakes)
{
	static const char *const bad[] = { ",",   "1,",    ",1", "1,,2", "-1",   "1-",
					   "3-1", "1--2",  "a",  "1a",   "1 ",   " 1",
					   "0x1", "1-2-3", "+1", "1,-2", "1\n2", "1\n\n" };
	struct cpulist l;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(cpulist_parse(bad[i], &l, &e), -EINVAL);
	CHECK_STR(again("1-"), "'1-' is no CPU list (expected such as 0-3,7)");
	CHECK_STR(again("0,1024"), "CPU list '0,1024': CPU numbers end at 1023");
	CHECK_INT(cpulist_parse("0-99999999999999999999", &l, &e), -ERANGE);
}

TEST(longest_text)
{
	struct cpulist l, back;
	unsigned int cpu;

	cpulist_clear(&l);
	for (cpu = 0; cpu < CPULIST_MAX; cpu++)
		if (cpu % 3 != 2)
			cpulist_add(&l, cpu);
	cpulist_format(&l, text);
	CHECK(strlen(text) < CPULIST_TEXT_MAX);
	CHECK_INT(cpulist_parse(text, &back, &e), 0);
	CHECK(memcmp(&l, &back, sizeof(l)) == 0);
}

TEST(sets)
{
	struct cpulist a, b;

	cpulist_parse("0-3,64", &a, &e);
	cpulist_parse("1,64", &b, &e);
	CHECK_INT(cpulist_count(&a), 5);
	CHECK(cpulist_has(&a, 64) && !cpulist_has(&a, 4) && !cpulist_has(&a, 100000));
	CHECK(cpulist_subset(&b, &a) && !cpulist_subset(&a, &b));
	CHECK_INT(cpulist_next(&a, -1), 0);
	CHECK_INT(cpulist_next(&a, 3), 64);
	CHECK_INT(cpulist_next(&a, 64), -1);
	cpulist_andnot(&a, &b);
	CHECK_STR(cpulist_format(&a, text), "0,2-3");
	cpulist_or(&a, &b);
	CHECK_STR(cpulist_format(&a, text), "0-3,64");
	cpulist_add(&a, CPULIST_MAX);
	CHECK_INT(cpulist_count(&a), 5);
}

UNIT_MAIN(T(round_trip), T(mistakes), T(longest_text), T(sets))
