// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "exit.h"
#include "msg.h"
#include "record.h"
#include "unit.h"

static struct errbuf e;
static struct rec_in in;
static FILE *file;

static void open_bytes(const char *data, size_t len)
{
	file = fmemopen((char *)data, len, "r");
	rec_in_init(&in, file);
}

static void open_text(const char *s)
{
	open_bytes(s, strlen(s));
}

static void done(void)
{
	rec_in_free(&in);
	fclose(file);
}

/* The member "s" of a record that was given these bytes, as text of the record. */
static const char *repaired(const char *bytes, size_t len)
{
	static char text[256];
	struct json_object *o = rec_new("x");

	rec_strn(o, "s", bytes, len);
	snprintf(text, sizeof(text), "%s", rec_get_str(o, "s", "none"));
	json_object_put(o);
	return text;
}

#define BAD         "\xef\xbf\xbd"
#define REPAIRED(s) repaired(s, sizeof(s) - 1)

TEST(utf8)
{
	CHECK_STR(REPAIRED("plain"), "plain");
	CHECK_STR(REPAIRED("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7"),
		  "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\xa7");
	CHECK_STR(REPAIRED("a\xff"
			   "b"),
		  "a" BAD "b");
	CHECK_STR(REPAIRED("\x80"), BAD);
	CHECK_STR(REPAIRED("\xc3"), BAD);                         /* cut */
	CHECK_STR(REPAIRED("\xe2\x82"), BAD BAD);                 /* cut */
	CHECK_STR(REPAIRED("\xc0\x80"), BAD BAD);                 /* overlong NUL */
	CHECK_STR(REPAIRED("\xe0\x80\xaf"), BAD BAD BAD);         /* overlong / */
	CHECK_STR(REPAIRED("\xf0\x80\x80\xaf"), BAD BAD BAD BAD); /* likewise */
	CHECK_STR(REPAIRED("\xed\xa0\x80"), BAD BAD BAD);         /* surrogate */
	CHECK_STR(REPAIRED("\xf4\x90\x80\x80"), BAD BAD BAD BAD); /* above 10FFFF */
	CHECK_STR(REPAIRED("\xed\x9f\xbf\xf4\x8f\xbf\xbf"), "\xed\x9f\xbf\xf4\x8f\xbf\xbf");
	CHECK_STR(REPAIRED("\xe2\x28\xa1"), BAD "(" BAD);
}

/* What rec_put() writes is one line that a reader takes, whatever bytes went in. */
TEST(any_byte)
{
	struct json_object *o = rec_new("x");
	char bytes[256], *line = NULL;
	size_t i, len;
	struct rec_out out = { .f = open_memstream(&line, &len) };

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)i;
	rec_strn(o, "s", bytes, sizeof(bytes));
	rec_put(&out, o);
	fclose(out.f);
	CHECK(strchr(line, '\n') == line + len - 1);
	open_bytes(line, len);
	CHECK_INT(rec_next(&in, &e), 1);
	/* 128 ASCII bytes as they were, NUL included, 128 replaced by three bytes each */
	json_object_object_get_ex(in.obj, "s", &o);
	CHECK_INT(json_object_get_string_len(o), 128 + 3 * 128);
	done();
	free(line);
}

/* What json-c 0.18 alone refuses; a backslash before it stays the mistake that it is. */
TEST(beyond_ascii)
{
	char text[] =
		"{\"type\":\"x\",\"ke\xc3\xbf\":\"\xc2\x80\\\\\xe2\x82\xac\xf0\x9f\x90\xa7\"}\n"
		"{\"type\":\"x\",\"s\":\"\\\xc3\xbf\"}\n"
		"{\"type\":\"x\",\"s\":\"\xc3\"}\n"
		"{\"type\":\"x\"\xc3\xbf}\n";
	int i;

	open_text(text);
	CHECK_INT(rec_next(&in, &e), 1);
	CHECK_STR(rec_get_str(in.obj, "ke\xc3\xbf", ""), "\xc2\x80\\\xe2\x82\xac\xf0\x9f\x90\xa7");
	CHECK(strncmp(in.line, text, in.len) == 0);
	for (i = 0; i < 3; i++)
		CHECK_INT(rec_next(&in, &e), -EBADMSG);
	CHECK_INT(rec_next(&in, &e), 0);
	done();
}

TEST(writing)
{
	struct json_object *o = rec_new("x");
	char *text = NULL;
	size_t len;
	struct rec_out out = { .f = open_memstream(&text, &len) };

	msg_init("kt-unit");
	rec_int(o, "big", INT64_MIN);
	rec_dbl(o, "third", 1.0 / 3);
	rec_dbl(o, "huge", 1e300);
	rec_dbl(o, "nan", NAN);
	rec_dbl(o, "inf", -INFINITY);
	rec_bool(o, "yes", true);
	rec_str(o, "none", NULL);
	rec_str(o, "path", "a/b\n\"");
	rec_put(&out, o);
	rec_pass(&out, "{}", 2);
	rec_end(&out, KT_DATA);
	fclose(out.f);
	CHECK_STR(text, "{\"type\":\"x\",\"big\":-9223372036854775808,\"third\":0.333,"
			"\"huge\":1.0000000000000001e+300,\"nan\":null,\"inf\":null,\"yes\":true,"
			"\"none\":null,\"path\":\"a/b\\n\\\"\"}\n"
			"{}\n"
			"{\"type\":\"end\",\"tool\":\"kt-unit\",\"exit\":65,\"records\":1}\n");
	CHECK_INT(out.records, 1);
	free(text);
}

TEST(reading)
{
	open_text(
		"{\"type\":\"a\",\"n\":3,\"d\":1.5,\"w\":2E+9,\"h\":1e300,\"b\":true,\"s\":\"x\",\"o\":{},\"l\":[]}\n"
		" {\"type\":\"b\"} \r\n");
	CHECK_INT(rec_next(&in, &e), 1);
	CHECK(rec_is(in.obj, "a") && !rec_is(in.obj, "b"));
	CHECK_INT(rec_get_int(in.obj, "n", 9), 3);
	CHECK_INT(rec_get_int(in.obj, "s", 9), 9);
	CHECK_INT(rec_get_int(in.obj, "none", 9), 9);
	CHECK_INT(rec_get_int(in.obj, "w", 9), 2000000000);
	CHECK_INT(rec_get_int(in.obj, "d", 9), 9);
	CHECK_INT(rec_get_int(in.obj, "h", 9), 9);
	CHECK(rec_get_dbl(in.obj, "d", 0) == 1.5 && rec_get_dbl(in.obj, "n", 0) == 3);
	CHECK(rec_get_bool(in.obj, "b", false) && !rec_get_bool(in.obj, "n", false));
	CHECK_STR(rec_get_str(in.obj, "s", "none"), "x");
	CHECK_STR(rec_get_str(in.obj, "n", "none"), "none");
	CHECK(rec_get_obj(in.obj, "o") && !rec_get_obj(in.obj, "l"));
	CHECK(rec_get_arr(in.obj, "l") && !rec_get_arr(in.obj, "o"));
	CHECK_INT(rec_next(&in, &e), 1);
	CHECK_INT(in.seq, 2);
	CHECK_STR(rec_get_str(in.obj, "type", ""), "b");
	CHECK_INT(rec_next(&in, &e), 0);
	done();
}

TEST(no_records)
{
	static const char *const bad[] = { "\n",
					   "garbage\n",
					   "[]\n",
					   "1\n",
					   "null\n",
					   "{}\n",
					   "{\"type\":1}\n",
					   "{\"type\":\"x\"\n",
					   "{\"type\":\"x\"} x\n",
					   "{\"type\":\"x\"}{\"type\":\"y\"}\n",
					   "{\"type\":\"x\",}\n",
					   "{'type':'x'}\n",
					   "{\"type\":\"\xff\"}\n" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_text(bad[i]);
		CHECK_INT(rec_next(&in, &e), -EBADMSG);
		CHECK_STR(e.text, "line 1: expected a record, a JSON object with a \"type\"");
		CHECK_INT(in.len, strlen(bad[i]) - 1); /* a filter can pass it on */
		CHECK_INT(rec_next(&in, &e), 0);
		done();
	}
	open_bytes("{\"type\":\"x\"}\0\n", 14);
	CHECK_INT(rec_next(&in, &e), -EBADMSG);
	done();
}

TEST(deep_nesting)
{
	static char deep[100001];

	memset(deep, '[', 100000);
	deep[99999] = '\n';
	open_text(deep);
	CHECK_INT(rec_next(&in, &e), -EBADMSG);
	done();
}

TEST(cut)
{
	open_text("{\"type\":\"x\"}\n{\"type\":\"end\",\"ex");
	CHECK_INT(rec_next(&in, &e), 1);
	CHECK_INT(rec_next(&in, &e), -EPIPE);
	CHECK_STR(e.text, "line 2: the input is cut in the middle of a record");
	done();
	open_text("{\"type\":\"x\"}\n");
	CHECK_INT(rec_next(&in, &e), 1);
	CHECK_INT(rec_next(&in, &e), 0);
	CHECK_INT(rec_in_complete(&in, &e), -EPIPE);
	CHECK_STR(e.text, "the input is cut: no end record after line 1");
	done();
	file = fopen("/dev/null", "re");
	rec_in_init(&in, file);
	CHECK_INT(rec_next(&in, &e), 0);
	CHECK_INT(rec_in_complete(&in, &e), -EPIPE);
	CHECK_STR(e.text, "the input is empty");
	done();
}

TEST(ends)
{
	open_text(
		"{\"type\":\"end\",\"exit\":1}\n{\"type\":\"end\",\"exit\":69}\n"
		"{\"type\":\"end\",\"exit\":65}\n{\"type\":\"x\"}\n{\"type\":\"end\",\"exit\":255}\n");
	rec_next(&in, &e);
	CHECK(in.ended);
	CHECK_INT(in.upstream, 0); /* a "no" stops nobody */
	rec_next(&in, &e);
	CHECK_INT(in.upstream, 69);
	rec_next(&in, &e);
	CHECK_INT(in.upstream, 69); /* the worst of them */
	rec_next(&in, &e);
	CHECK(!in.ended);
	rec_next(&in, &e);
	CHECK_INT(in.upstream, 255);
	CHECK_INT(rec_next(&in, &e), 0);
	CHECK_INT(rec_in_complete(&in, &e), 0);
	done();
}

TEST(exits_that_cannot_be)
{
	static const char *const exits[] = { "256", "-1", "null", "\"0\"", "1.5", "[0]", "1e99" };
	char text[80];
	size_t i;

	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
		snprintf(text, sizeof(text), "{\"type\":\"end\",\"exit\":%s}\n", exits[i]);
		open_text(text);
		CHECK_INT(rec_next(&in, &e), -EBADMSG);
		CHECK_STR(e.text,
			  "line 1: end record: expected a whole number from 0 to 255 as exit");
		CHECK(!in.ended);
		done();
	}
	open_text("{\"type\":\"end\"}\n{\"type\":\"end\",\"exit\":256,\"t_ns\":1}\n");
	CHECK_INT(rec_next(&in, &e), -EBADMSG);
	CHECK_INT(rec_next(&in, &e), -EBADMSG);
	done();
}

/* A record of exactly `len` bytes and its newline. */
static char *long_line(size_t len)
{
	static const char head[] = "{\"type\":\"x\",\"s\":\"";
	char *s = malloc(len + 1);

	memset(s, 'a', len);
	memcpy(s, head, sizeof(head) - 1);
	memcpy(s + len - 2, "\"}\n", 3);
	return s;
}

TEST(long_lines)
{
	char *s = long_line(REC_LINE_MAX);

	open_bytes(s, REC_LINE_MAX + 1);
	CHECK_INT(rec_next(&in, &e), 1);
	done();
	free(s);
	s = long_line(REC_LINE_MAX + 1);
	open_bytes(s, REC_LINE_MAX + 2);
	CHECK_INT(rec_next(&in, &e), -EMSGSIZE);
	CHECK_STR(e.text, "line 1: longer than 16 MiB");
	CHECK(in.cap <= REC_LINE_MAX + 1);
	done();
	free(s);
}

/* The examples of RFC 4648 */
TEST(base64)
{
	static const char *const text[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
	static const char *const code[] = { "",         "Zg==",     "Zm8=",    "Zm9v",
					    "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	size_t i;

	for (i = 0; i < 7; i++) {
		char *c = rec_b64_encode(text[i], strlen(text[i]));
		void *back = NULL;
		ssize_t n = rec_b64_decode(code[i], &back);

		CHECK_STR(c, code[i]);
		CHECK_INT(n, (ssize_t)strlen(text[i]));
		CHECK(n >= 0 && memcmp(back, text[i], (size_t)n) == 0);
		free(c);
		free(back);
	}
}

TEST(base64_mistakes)
{
	static const char *const bad[] = { "A",
					   "AA",
					   "AAA",
					   "AAAAA",
					   "A===",
					   "====",
					   "AA=A",
					   "=AAA",
					   "AA A",
					   "AAAA=AAA",
					   "AAA\n",
					   "AA-_",
					   "\xff\xff\xff\xff" };
	void *data = NULL;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(rec_b64_decode(bad[i], &data), -EINVAL);
	CHECK(data == NULL);
}

TEST(base64_all_bytes)
{
	unsigned char d[256];
	void *back = NULL;
	char *c;
	int i;

	for (i = 0; i < 256; i++)
		d[i] = (unsigned char)(255 - i);
	c = rec_b64_encode(d, sizeof(d));
	CHECK_INT(rec_b64_decode(c, &back), 256);
	CHECK(memcmp(d, back, sizeof(d)) == 0);
	free(c);
	free(back);
}

UNIT_MAIN(T(utf8), T(any_byte), T(beyond_ascii), T(writing), T(reading), T(no_records),
	  T(deep_nesting), T(cut), T(ends), T(exits_that_cannot_be), T(long_lines), T(base64),
	  T(base64_mistakes), T(base64_all_bytes))
