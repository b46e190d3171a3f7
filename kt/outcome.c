// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "exit.h"
#include "msg.h"
#include "outcome.h"
#include "record.h"

/* The line is a record of that type, in kt's own spelling, and not out of a guest. */
static struct json_object *own(const char *line, size_t len, const char *start)
{
	struct json_object *o;

	if (len < strlen(start) || memcmp(line, start, strlen(start)) != 0)
		return NULL;
	o = rec_read(line, len);
	if (!o || !json_object_object_get_ex(o, "t_ns", NULL))
		return o;
	json_object_put(o);
	return NULL;
}

static int code_of(struct json_object *verdict)
{
	const char *v = rec_get_str(verdict, "verdict", "");

	if (strcmp(v, "pass") == 0 || strcmp(v, "skip") == 0)
		return KT_OK;
	if (strcmp(v, "fail") == 0)
		return KT_FAIL;
	if (strcmp(v, "inconclusive") == 0)
		return rec_get_bool(verdict, "allowed", false) ? KT_OK : KT_INCONCLUSIVE;
	return -1;
}

void outcome_line(struct outcome *o, const char *line, size_t len)
{
	struct json_object *verdict = own(line, len, "{\"type\":\"verdict\"");
	struct json_object *end = own(line, len, "{\"type\":\"end\"");

	if (verdict) {
		o->verdicts++;
		o->verdict = code_of(verdict);
	}
	o->end = -1;
	if (end && strcmp(rec_get_str(end, "tool", ""), "kt-check") == 0)
		o->end = (int)rec_get_int(end, "exit", -1);
	json_object_put(verdict);
	json_object_put(end);
}

int outcome_code(const struct outcome *o, int code)
{
	if (code >= KT_USAGE)
		return code;
	if (code != KT_OK && code != KT_FAIL && code != KT_INCONCLUSIVE)
		return msg_err(KT_SOFTWARE, 0,
			       "kt-check ended with exit code %d, expected 0, 1 or 2", code);
	if (!o->verdicts)
		return msg_err(KT_SOFTWARE, 0,
			       "kt-check ended with exit code %d, and there is no verdict", code);
	if (o->verdicts > 1)
		return msg_err(KT_SOFTWARE, 0, "kt-check gave %u verdicts, expected one",
			       o->verdicts);
	if (o->end < 0)
		return msg_err(KT_SOFTWARE, 0,
			       "kt-check ended with exit code %d, and the last record is not its "
			       "end record",
			       code);
	if (o->verdict != code || o->end != code)
		return msg_err(KT_SOFTWARE, 0,
			       "kt-check ended with exit code %d, its end record says %d, and its "
			       "verdict %d",
			       code, o->end, o->verdict);
	return code;
}
