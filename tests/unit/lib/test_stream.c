// SPDX-License-Identifier: GPL-2.0-only
/* One run, all of it: what a stream has once, and the sum of what its tools have counted. */
#include <errno.h>
#include <string.h>

#include "record.h"
#include "stream.h"
#include "unit.h"

static struct stream s;
static struct errbuf e;

static int take(const char *text)
{
	struct json_object *o = rec_read(text, strlen(text));
	int rc = stream_take(&s, o, &e);

	json_object_put(o);
	return rc;
}

static int end(const char *tool, const char *rest)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"type\":\"end\",\"tool\":\"%s\",\"exit\":0%s}", tool, rest);
	return take(text);
}

TEST(once)
{
	memset(&s, 0, sizeof(s));
	CHECK(stream_wants("vm") && stream_wants("end") && !stream_wants("sample"));
	CHECK(!stream_has(&s, "vm") && !stream_has(&s, "sample"));
	CHECK_INT(take("{\"type\":\"vm\"}"), 0);
	CHECK(stream_has(&s, "vm"));
	CHECK_INT(take("{\"type\":\"sample\"}"), 0);
	CHECK_INT(take("{\"type\":\"sample\"}"), 0);
	CHECK_INT(take("{\"type\":\"vm\"}"), -EINVAL);
	CHECK_STR(e.text, "expected one vm in the input, this is a second");
	/* a verdict out of the guest is none */
	CHECK_INT(take("{\"type\":\"verdict\",\"t_ns\":1}"), 0);
	CHECK_INT(take("{\"type\":\"verdict\"}"), 0);
	CHECK_INT(take("{\"type\":\"verdict\"}"), -EINVAL);
}

TEST(ends)
{
	memset(&s, 0, sizeof(s));
	CHECK_INT(end("kt-guest", ",\"records\":1"), 0);
	CHECK_INT(end("kt-guest", ",\"records\":1,\"t_ns\":5"), 0); /* another one, in the guest */
	CHECK(s.guest_ended);
	CHECK_INT(end("kt-guest", ",\"records\":1"), -EINVAL);
	CHECK_STR(e.text, "expected one end of kt-guest in the input, this is a second");
	CHECK_INT(end("kt-guest", ",\"records\":1,\"t_ns\":5"), -EINVAL);
	CHECK_INT(end("kt-vm", ""), -EINVAL);
	CHECK_INT(end("kt-vm", ",\"records\":-1"), -EINVAL);
	CHECK_INT(end("kt-vm", ",\"records\":1.5"), -EINVAL);
	CHECK_INT(end("kt-vm", ",\"records\":\"1\""), -EINVAL);
	CHECK_INT(take("{\"type\":\"end\",\"exit\":0,\"records\":0}"), -EINVAL);
}

TEST(sum)
{
	memset(&s, 0, sizeof(s));
	CHECK_INT(stream_complete(&s, 0, &e), 0);
	end("kt-topo", ",\"records\":1");
	CHECK_INT(stream_complete(&s, 2, &e), 0);
	CHECK_INT(stream_complete(&s, 1, &e), -EBADMSG);
	CHECK_INT(stream_complete(&s, 3, &e), -EBADMSG);
	CHECK_STR(e.text, "the input has 3 records, its tools say that they wrote 2");
	take("{\"type\":\"vm\"}");
	end("kt-vm", ",\"records\":3");
	CHECK_INT(stream_complete(&s, 6, &e), 0);
	/* what the guest wrote, kt-vm has counted */
	end("kt-guest", ",\"records\":9223372036854775807,\"t_ns\":1");
	CHECK_INT(stream_complete(&s, 6, &e), 0);
	end("kt-a", ",\"records\":9223372036854775807");
	end("kt-b", ",\"records\":9223372036854775807");
	CHECK_INT(stream_complete(&s, 6, &e), -EBADMSG); /* it does not wrap */
}

TEST(tools)
{
	char name[16];
	int i;

	memset(&s, 0, sizeof(s));
	for (i = 0; i < STREAM_TOOLS; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		CHECK_INT(end(name, ",\"records\":1"), 0);
	}
	CHECK_INT(end("one-more", ",\"records\":1"), -EINVAL);
}

UNIT_MAIN(T(once), T(ends), T(sum), T(tools))
