/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_UNIT_H
#define KT_UNIT_H

/*
 * A unit test program: TEST(name) { CHECK(...); } ... and UNIT_MAIN(T(name), ...).
 * Prints TAP. A failed check is printed with its place and fails its test; the
 * program exits 1 when a test failed. SKIP("why") is for what the host lacks.
 */
#include <stdio.h>
#include <string.h>

static int unit_bad;
static const char *unit_skip;

struct unit_test {
	const char *name;
	void (*run)(void);
};

#define TEST(n) static void test_##n(void)
#define T(n)                 \
	{                    \
#n, test_##n \
	}
#define UNIT_AT "# " __FILE__ ":%d: "

/* Ends the test: the host lacks what it needs. */
#define SKIP(why)                  \
	do {                       \
		unit_skip = (why); \
		return;            \
	} while (0)

#define CHECK(c)                                                        \
	do {                                                            \
		if (!(c)) {                                             \
			printf(UNIT_AT "not true: %s\n", __LINE__, #c); \
			unit_bad++;                                     \
		}                                                       \
	} while (0)

#define CHECK_INT(a, b)                                                                     \
	do {                                                                                \
		long long unit_a = (long long)(a), unit_b = (long long)(b);                 \
		if (unit_a != unit_b) {                                                     \
			printf(UNIT_AT "%s is %lld, expected %lld\n", __LINE__, #a, unit_a, \
			       unit_b);                                                     \
			unit_bad++;                                                         \
		}                                                                           \
	} while (0)

#define CHECK_STR(a, b)                                                                         \
	do {                                                                                    \
		const char *unit_a = (a), *unit_b = (b);                                        \
		if (strcmp(unit_a, unit_b)) {                                                   \
			printf(UNIT_AT "%s is \"%s\", expected \"%s\"\n", __LINE__, #a, unit_a, \
			       unit_b);                                                         \
			unit_bad++;                                                             \
		}                                                                               \
	} while (0)

static inline int unit_run(const struct unit_test *t, int n)
{
	int i, failed = 0;

	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		unit_bad = 0;
		unit_skip = NULL;
		t[i].run();
		printf("%sok %d %s%s%s\n", unit_bad ? "not " : "", i + 1, t[i].name,
		       unit_skip ? " # skip " : "", unit_skip ? unit_skip : "");
		failed += unit_bad != 0;
	}
	return failed != 0;
}

#define UNIT_MAIN(...)                                                    \
	int main(void)                                                    \
	{                                                                 \
		static const struct unit_test tests[] = { __VA_ARGS__ };  \
		return unit_run(tests, sizeof(tests) / sizeof(tests[0])); \
	}

#endif
