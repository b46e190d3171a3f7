// SPDX-License-Identifier: GPL-2.0-only
/* The check "records": nothing of what guest and observer had to say was lost. */
#include "judge/check.h"
#include "model/lost.h"
#include "records.h"

void judge_records(struct judge *j)
{
	const struct model *m = j->m;
	const struct lost *l = &m->lost;
	struct finding f = finding_of("records", NULL);

	if (!check_is_judged(j, LIMIT_RECORDS, &f))
		return;
	if (l->record > 0 || l->console > 0) {
		f.observed = (double)(l->record > 0 ? l->record : l->console);
		f.unit = "bytes";
		judge_say(j, V_FAIL, &f, "%.0f bytes of the guest's %s were lost", f.observed,
			  l->record > 0 ? "records" : "console");
	} else if (m->seen.beyond || m->host.full || m->conservation->full) {
		judge_say(j, V_INCONCLUSIVE, &f, "there are more samples than kt-check keeps");
	} else if (!m->vm_cause) {
		judge_say(j, V_SKIP, &f, "a run without a guest has nobody who could lose records");
	} else {
		judge_say(j, V_PASS, &f, "no record was lost");
	}
}
