// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/arith.c kt-check/group.c kt-check/judge.c kt-check/life.c kt-check/limits.c
// LINK: kt-check/model.c kt-check/plan.c kt-check/payload.c kt-check/scheduler.c kt-check/stats.c
// LINK: kt-check/worker.c kt-check/workload.c kt-check/fairness.c kt-check/latency.c
// LINK: kt-check/pages.c kt-check/sample.c kt-check/series.c kt-check/monitor.c
// LINK: kt-check/temporal.c kt-check/whole.c
/* Any stream of records, judged. */
#include <stdlib.h>

#include "kt-check/judge.h"
#include "kt-check/observed.h"
#include "kt-check/payload.h"
#include "kt-check/stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(struct model *m)
{
	struct rec_out out = { .f = fopen("/dev/null", "we"), .lazy = true };
	struct judge j = { .m = m, .out = &out };

	limits_complete(&m->limits);
	model_close(m);
	stats_write(m, &out);
	temporal_stats(&m->seen, &out);
	judge_life(&j);
	judge_workload(&j);
	judge_payloads(&j);
	judge_monitor(&j);
	judge_temporal(&j);
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
			model_take(&m, in.obj, &e);
	judge(&m);
	rec_in_free(&in);
	model_free(&m);
	fclose(f);
	return 0;
}
