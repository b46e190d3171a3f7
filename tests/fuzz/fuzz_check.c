// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/arith.c kt-check/group.c kt-check/judge.c kt-check/life.c kt-check/limits.c
// LINK: kt-check/model.c kt-check/plan.c kt-check/payload.c kt-check/scheduler.c kt-check/stats.c
// LINK: kt-check/worker.c kt-check/workload.c kt-check/fairness.c kt-check/latency.c
// LINK: kt-check/pages.c kt-check/sample.c kt-check/series.c kt-check/monitor.c
// LINK: kt-check/temporal.c kt-check/host.c kt-check/promise.c kt-check/raw.c kt-check/scan.c
// LINK: kt-check/contest.c kt-check/entitle.c kt-check/share.c kt-check/quota.c
// LINK: kt-check/relate.c kt-check/fork.c kt-check/affinity.c
/* Any stream of records, judged. */
#include <stdlib.h>

#include "kt-check/judge.h"
#include "kt-check/observed.h"
#include "kt-check/payload.h"
#include "kt-check/share.h"
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
	judge_share(&j);
	judge_quota(&j);
	judge_relations(&j);
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
		model_take(&m, in.obj, &e);
	judge(&m);
	rec_in_free(&in);
	model_free(&m);
	fclose(f);
	return 0;
}
