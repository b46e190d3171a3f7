// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "unit.h"
#include "units.h"

static struct errbuf e;

TEST(durations)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "350ns", 350 },
		{ "7us", 7000 },
		{ "100ms", 100 * NSEC_PER_MSEC },
		{ "20s", 20 * NSEC_PER_SEC },
		{ "1.5s", 1500 * NSEC_PER_MSEC },
		{ "0.000000001s", 1 },
		{ "1.0000000019s", NSEC_PER_SEC + 1 }, /* below 1 ns: cut off */
		{ "2m", 120 * NSEC_PER_SEC },
		{ "1.5h", 5400 * NSEC_PER_SEC },
	};
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ns = 1234;
		CHECK_INT(units_duration(good[i].text, &ns, &e), 0);
		CHECK_INT(ns, good[i].ns);
	}
}

TEST(bad_durations)
{
	static const char *const bad[] = { "",     "s",    "5",   "5 s", "-5s",  "+5s",
					   " 5s",  "1.s",  ".5s", "1.5", "5sec", "5s ",
					   "1e3s", "0x5s", "5S",  "5ss", "0.0" };
	uint64_t ns;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(units_duration(bad[i], &ns, &e), -EINVAL);
	units_duration("5 parsecs", &ns, &e);
	CHECK_STR(e.text, "'5 parsecs' is no duration (expected a number and ns, us, ms, s, m or "
			  "h, such as \"1.5s\")");
	CHECK_INT(units_duration("9223372036854775807ns", &ns, &e), 0);
	CHECK_INT(units_duration("9223372036854775808ns", &ns, &e), -ERANGE);
	CHECK_INT(units_duration("99999999999h", &ns, &e), -ERANGE);
	CHECK_INT(units_duration("99999999999999999999s", &ns, &e), -ERANGE);
	CHECK_STR(e.text, "duration '99999999999999999999s' is too long");
	CHECK_INT(units_duration("x", &ns, NULL), -EINVAL);
}

TEST(sizes)
{
	uint64_t v;

	CHECK_INT(units_size("4096", &v, &e), 0);
	CHECK_INT(v, 4096);
	CHECK_INT(units_size("2K", &v, &e), 0);
	CHECK_INT(v, 2048);
	CHECK_INT(units_size("512MiB", &v, &e), 0);
	CHECK_INT(v, 512LL << 20);
	CHECK_INT(units_size("3G", &v, &e), 0);
	CHECK_INT(v, 3LL << 30);
	CHECK_INT(units_size("1TiB", &v, &e), 0);
	CHECK_INT(v, 1LL << 40);
	CHECK_INT(units_size("1.5G", &v, &e), -EINVAL);
	CHECK_INT(units_size("1GB", &v, &e), -EINVAL);
	CHECK_INT(units_size("-1", &v, &e), -EINVAL);
	CHECK_INT(units_size("", &v, &e), -EINVAL);
	CHECK_STR(e.text, "'' is no size (expected a whole number and K, M, G or T, such as "
			  "\"512M\")");
	CHECK_INT(units_size("8388608T", &v, &e), -ERANGE);
	CHECK_INT(units_size("18446744073709551616", &v, &e), -ERANGE);
	CHECK_STR(e.text, "size '18446744073709551616' is too large");
}

TEST(numbers)
{
	uint64_t v;

	CHECK_INT(units_number("7", 1, 10, &v, &e), 0);
	CHECK_INT(v, 7);
	CHECK_INT(units_number("1", 1, 10, &v, &e), 0);
	CHECK_INT(units_number("10", 1, 10, &v, &e), 0);
	CHECK_INT(units_number("0", 1, 10, &v, &e), -EINVAL);
	CHECK_INT(units_number("11", 1, 10, &v, &e), -EINVAL);
	CHECK_INT(units_number("7 ", 1, 10, &v, &e), -EINVAL);
	CHECK_INT(units_number("", 1, 10, &v, &e), -EINVAL);
	CHECK_INT(units_number("99999999999999999999", 1, 10, &v, &e), -EINVAL);
	CHECK_STR(e.text, "'99999999999999999999' is not a whole number from 1 to 10");
}

TEST(format)
{
	char buf[24];

	CHECK_STR(units_format_ns(buf, 0), "0ns");
	CHECK_STR(units_format_ns(buf, 350), "350ns");
	CHECK_STR(units_format_ns(buf, 1500 * NSEC_PER_USEC), "1.5ms");
	CHECK_STR(units_format_ns(buf, 20 * NSEC_PER_SEC), "20s");
	CHECK_STR(units_format_ns(buf, 7200 * NSEC_PER_SEC), "7200s");
	CHECK_STR(units_format_ns(buf, 1234567), "1.235ms");
	CHECK_STR(units_format_ns(buf, UINT64_MAX), "1.845e+10s");
}

UNIT_MAIN(T(durations), T(bad_durations), T(sizes), T(numbers), T(format))
