// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/measure/flatten.c
#include <stdlib.h>

#include "kt-guest/measure/flatten.h"
#include "unit.h"

/* What flatten() makes of the document in a text, as JSON; "none" when there is no document. */
static const char *flat(const char *text)
{
	static char buf[4096];
	struct json_object *doc = flatten_find(text, strlen(text)), *f;

	if (!doc)
		return "none";
	f = flatten(doc);
	snprintf(buf, sizeof(buf), "%s", json_object_to_json_string_ext(f, JSON_C_TO_STRING_PLAIN));
	json_object_put(f);
	json_object_put(doc);
	return buf;
}

TEST(paths)
{
	CHECK_STR(flat("{\"a\":1,\"b\":{\"c\":2.5,\"d\":[3,{\"e\":-4}]}}"),
		  "{\"a\":1,\"b.c\":2.5,\"b.d.0\":3,\"b.d.1.e\":-4}");
	CHECK_STR(flat("[1,[2]]"), "{\"0\":1,\"1.0\":2}");
	CHECK_STR(flat("{\"t\":true,\"f\":false,\"n\":null,\"s\":\"5\"}"), "{\"t\":1,\"f\":0}");
	CHECK_STR(flat("{}"), "{}");
	CHECK_STR(flat("{\"a\":1,\"a\":2}"), "{\"a\":2}");
	CHECK_STR(flat("{\"a\":1e999}"), "{}"); /* infinite: no JSON could say it */
	CHECK_STR(flat("{\"a\":0.000001234}"), "{\"a\":0.000001234}"); /* to the last digit */
}

TEST(where_it_is)
{
	CHECK_STR(flat(" \n{\"a\":1}\n"), "{\"a\":1}");
	/* one with its lines to itself goes before one in a sentence */
	CHECK_STR(flat("[1234] started {x}\n{\"a\":1}\nbye"), "{\"a\":1}");
	CHECK_STR(flat("it says {\"a\":1} and\n{\"b\":\n2}\n{\"c\":3}"), "{\"b\":2}");
	CHECK_STR(flat("it says {\"a\":1} and goes"), "{\"a\":1}");
	CHECK_STR(flat("{\"a\":1} trailing {\"b\":2}"), "{\"a\":1}");
	/* beyond ASCII, or no text at all */
	CHECK_STR(flat("\xc3\xa9\xff{\n{\"\xc3\xa9\":{\"\xff\":1}}\n"),
		  "{\"\xc3\xa9.\xef\xbf\xbd\":1}");
	CHECK_STR(flat("{\"a\":"), "none");
	CHECK_STR(flat("{{{[[["), "none");
	CHECK_STR(flat("12"), "none");
	CHECK_STR(flat(""), "none");
}

/* [[[...1...]]] of that depth */
static const char *nested(unsigned int depth)
{
	static char text[2 * 2000 + 2];

	memset(text, '[', depth);
	text[depth] = '1';
	memset(text + depth + 1, ']', depth);
	text[2 * depth + 1] = '\0';
	return text;
}

TEST(limits)
{
	static char text[FLATTEN_COUNT * 8 + 64];
	size_t len = 0;
	int i;

	CHECK(strstr(flat(nested(FLATTEN_DEPTH)), "0.0.0\":1"));
	CHECK(!strstr(flat(nested(FLATTEN_DEPTH)), FLATTEN_CUT));
	CHECK_STR(flat(nested(FLATTEN_DEPTH + 1)), "{\"" FLATTEN_CUT "\":1}");
	CHECK_STR(flat(nested(FLATTEN_PARSE_DEPTH - 2)), "{\"" FLATTEN_CUT "\":1}");

	text[len++] = '[';
	for (i = 0; i <= FLATTEN_COUNT; i++)
		len += (size_t)sprintf(text + len, "%s7", i ? "," : "");
	text[len++] = ']';
	{
		struct json_object *doc = flatten_find(text, len), *f = flatten(doc);

		CHECK_INT(json_object_object_length(f), FLATTEN_COUNT + 1);
		CHECK(json_object_object_get_ex(f, FLATTEN_CUT, NULL));
		json_object_put(f);
		json_object_put(doc);
	}

	len = (size_t)sprintf(text, "{\"ok\":1,\"");
	memset(text + len, 'k', FLATTEN_PATH + 1);
	sprintf(text + len + FLATTEN_PATH + 1, "\":2}");
	CHECK_STR(flat(text), "{\"ok\":1,\"" FLATTEN_CUT "\":1}");
}

/* Millions of brackets that never close: it gives up instead of trying for hours. */
TEST(effort)
{
	size_t len = 16U << 20;
	char *text = malloc(len);

	CHECK(text != NULL);
	memset(text, '[', len);
	CHECK(!flatten_find(text, len));
	free(text);
}

UNIT_MAIN(T(paths), T(where_it_is), T(limits), T(effort))
