// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A record that was read can be written, and reads as the same again. */
static void again(struct json_object *o)
{
	char *text = NULL;
	size_t len;
	struct rec_out out = { .f = open_memstream(&text, &len) };
	struct errbuf e;
	struct rec_in in;
	FILE *f;

	rec_put(&out, json_object_get(o));
	fclose(out.f);
	f = fmemopen(text, len, "r");
	rec_in_init(&in, f);
	if (rec_next(&in, &e) != 1 || !json_object_equal(o, in.obj))
		abort();
	if (rec_next(&in, &e) != 0)
		abort();
	rec_in_free(&in);
	fclose(f);
	free(text);
}

/* Strings of a stream go on as base64, and through the repair of UTF-8. */
static void members(const char *line, size_t len)
{
	struct json_object *o = rec_new("x");
	void *back = NULL;
	char *text = strndup(line, len);
	ssize_t n = rec_b64_decode(text, &back);

	if (n >= 0)
		free(back);
	free(text);
	text = rec_b64_encode(line, len);
	n = rec_b64_decode(text, &back);
	if (n != (ssize_t)len || memcmp(back, line, len))
		abort();
	free(back);
	free(text);
	rec_strn(o, "s", line, len);
	again(o);
	json_object_put(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct errbuf e;
	struct rec_in in;
	FILE *f;
	int rc;

	if (!size) /* fmemopen() takes no empty buffer */
		return 0;
	f = fmemopen((void *)data, size, "r");
	rec_in_init(&in, f);
	do {
		e.text[0] = '\0';
		rc = rec_next(&in, &e);
		if (rc == 1)
			again(in.obj);
		else if (rc < 0 && !e.text[0])
			abort();
		if (rc)
			members(in.line, in.len);
	} while (rc == 1 || rc == -EBADMSG);
	rec_in_complete(&in, &e);
	rec_in_free(&in);
	fclose(f);
	return 0;
}
