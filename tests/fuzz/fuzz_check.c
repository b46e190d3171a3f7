// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/all.c kt-check/judge/*.c kt-check/judge/worker/*.c kt-check/judge/sched/*.c
// LINK: kt-check/judge/run/*.c kt-check/model/*.c kt-check/read/*.c kt-check/entitle/*.c
/* Any stream of records, judged. */
#include <stdlib.h>

#include "kt-check/all.h"
#include "kt-check/judge/judge.h"
#include "kt-check/model/observed.h"
#include "kt-check/judge/stats.h"
#include "kt-check/model/temporal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct model *m)
{
	struct rec_out out = { .f = fopen("/dev/null", "we"), .lazy = true };
	struct judge j = { .m = m, .out = &out };

	limits_complete(&m->limits);
	if (model_close(m))
		abort();
	stats_write(m, &out);
	temporal_stats(&m->seen, &out);
	judge_all(&j);
	judge_verdict(&j);
	fclose(out.f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *f = size ? fmemopen((void *)data, size, "r") : NULL;
	struct rec_in in;
	struct model m;
	struct errbuf e;

	if (!f || model_init(&m))
		return 0;
	rec_in_init(&in, f);
	while (rec_next(&in, &e) == 1)
		if (!whole_take(&m.whole, in.obj, &e))
			model_take(&m, in.line, in.len, in.obj, &e);
	judge(&m);
	rec_in_free(&in);
	model_free(&m);
	fclose(f);
	return 0;
}
