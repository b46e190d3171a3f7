// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-report/course.c kt-report/layout.c kt-report/show.c kt-report/story.c
// LINK: kt-report/timeline.c kt-report/bug.c kt-report/bugtask.c kt-report/dump.c
/* Any stream of records, reported; nothing of it may reach the terminal as a control character. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-report/layout.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const struct story *s)
{
	char *text = NULL;
	size_t len = 0, i;
	struct show out = { .f = open_memstream(&text, &len) };

	layout_report(&out, s, true, NULL);
	fclose(out.f);
	for (i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t') ||
		    text[i] == 0x7f)
			abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)data, size, "r") : NULL;
	struct rec_in in;
	struct story s;
	struct errbuf e;

	if (!f)
		return 0;
	story_init(&s);
	rec_in_init(&in, f);
	while (rec_next(&in, &e) == 1)
		story_take(&s, in.obj, &e);
	report(&s);
	rec_in_free(&in);
	story_free(&s);
	fclose(f);
	return 0;
}
