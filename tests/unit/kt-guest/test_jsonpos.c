// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/testfile/jsonpos.c
#include "kt-guest/testfile/jsonpos.h"
#include "unit.h"

static const char text[] = "// a comment with \"quotes\" and {\n"
			   "{\n"
			   "\t\"a\": 1, /* \"b\": 0 */ \"b\" :\n"
			   "  [ true, {\"c\\u0064\": \"}\\\"\", 'e': null}, [], -1.5e3 ],\n"
			   "\"\xc3\xa4\": \"\xe2\x82\xac\", \"f\": {},\n"
			   "}\n";

/* "LINE:COL" of a path of up to three steps, or "none". */
static const char *where(const char *t, size_t len, const struct jsonpos_step *path, size_t n,
			 bool at_key)
{
	static char buf[32];
	struct jsonpos pos;
	size_t offset;

	if (!jsonpos_find(t, len, path, n, at_key, &offset))
		return "none";
	pos = jsonpos_at(t, len, offset);
	snprintf(buf, sizeof(buf), "%u:%u", pos.line, pos.column);
	return buf;
}

#define PATH(...) ((const struct jsonpos_step[]){ __VA_ARGS__ })
#define KEY(k)             \
	{                  \
		.key = (k) \
	}
#define ITEM(i)              \
	{                    \
		.index = (i) \
	}
#define AT(n, ...) where(text, sizeof(text) - 1, PATH(__VA_ARGS__), n, false)

TEST(values)
{
	CHECK_STR(where(text, sizeof(text) - 1, NULL, 0, false), "2:1");
	CHECK_STR(AT(1, KEY("a")), "3:7");
	CHECK_STR(AT(1, KEY("b")), "4:3");
	CHECK_STR(AT(2, KEY("b"), ITEM(0)), "4:5");
	CHECK_STR(AT(2, KEY("b"), ITEM(1)), "4:11");
	CHECK_STR(AT(3, KEY("b"), ITEM(1), KEY("cd")), "4:23");
	CHECK_STR(AT(3, KEY("b"), ITEM(1), KEY("e")), "4:35");
	CHECK_STR(AT(2, KEY("b"), ITEM(2)), "4:42");
	CHECK_STR(AT(2, KEY("b"), ITEM(3)), "4:46");
	CHECK_STR(AT(1, KEY("\xc3\xa4")), "5:6");
	CHECK_STR(AT(1, KEY("f")), "5:16"); /* characters, not bytes */
}

TEST(keys)
{
	CHECK_STR(where(text, sizeof(text) - 1, PATH(KEY("b")), 1, true), "3:23");
	CHECK_STR(where(text, sizeof(text) - 1, PATH(KEY("f")), 1, true), "5:11");
}

TEST(not_there)
{
	CHECK_STR(AT(1, KEY("z")), "none");
	CHECK_STR(AT(1, ITEM(0)), "none");
	CHECK_STR(AT(2, KEY("b"), ITEM(4)), "none");
	CHECK_STR(AT(2, KEY("a"), KEY("b")), "none");
	CHECK_STR(AT(2, KEY("b"), KEY("b")), "none");
}

TEST(what_is_no_json)
{
	static const char *const bad[] = {
		"",       " ",         "{",         "{\"a",
		"{\"a\"", "{\"a\":",   "{\"a\" 1}", "{a:1}",
		"[1 2]",  "{\"b\":[}", "/*",        "/",
		"\"",     "'",         "{\"a\\",    "{\"b\":1 \"a\":1}",
		"]",      ",",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(where(bad[i], strlen(bad[i]), PATH(KEY("a")), 1, false), "none");
}

TEST(comments)
{
	static const char odd[] = "/**/{/***/ no end yet */\"a\"://\n1/";

	CHECK_STR(where(odd, sizeof(odd) - 1, PATH(KEY("a")), 1, false), "2:1");
	CHECK_INT(jsonpos_skip_blank(odd, sizeof(odd) - 1, 0), 4);
	CHECK_INT(jsonpos_skip_blank("/* *", 4, 0), 4);
}

TEST(duplicates)
{
	static const char twice[] = "{\"a\": {\"x\": 1, \"y\": 2},\n \"b\": [{\"x\": 1,\n"
				    "\"\\u0078\": 2}]}";
	struct jsonpos_duplicate dup;

	CHECK(!jsonpos_duplicate(text, sizeof(text) - 1, &dup));
	CHECK(!jsonpos_duplicate("{\"a\":", 5, &dup));
	CHECK(jsonpos_duplicate(twice, sizeof(twice) - 1, &dup));
	CHECK_STR(dup.key, "x");
	CHECK_INT(jsonpos_at(twice, sizeof(twice) - 1, dup.offset).line, 3);
	CHECK_INT(jsonpos_at(twice, sizeof(twice) - 1, dup.earlier).line, 2);
	CHECK_INT(jsonpos_at(twice, sizeof(twice) - 1, dup.earlier).column, 9);
}

TEST(deep)
{
	char deep[2000];
	struct jsonpos_duplicate dup;

	memset(deep, '[', sizeof(deep)); /* must end, and not for want of stack */
	CHECK(!jsonpos_duplicate(deep, sizeof(deep), &dup));
}

UNIT_MAIN(T(values), T(keys), T(not_there), T(what_is_no_json), T(comments), T(duplicates), T(deep))
