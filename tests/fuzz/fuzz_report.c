// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-report/steps.c kt-report/metrics.c kt-report/report.c kt-report/term.c kt-report/facts.c
// LINK: kt-report/timeline.c kt-report/bug.c kt-report/culprit.c kt-report/dump.c kt-report/plan.c
/*
 * Any stream of records, reported, and its plan as text; nothing of it may reach the terminal as
 * a control character.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kt-report/plan.h"
#include "kt-report/report.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const struct facts *s)
{
	char *text = NULL;
	size_t len = 0, i;
	struct term out = { .f = open_memstream(&text, &len) };

	report_write(&out, s, true, NULL);
	if (s->test)
		plan_write(&out, s->test);
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
	struct facts s;
	struct errbuf e;

	if (!f)
		return 0;
	facts_init(&s);
	rec_in_init(&in, f);
	while (rec_next(&in, &e) == 1)
		facts_take(&s, in.obj, &e);
	report(&s);
	rec_in_free(&in);
	facts_free(&s);
	fclose(f);
	return 0;
}
