// SPDX-License-Identifier: GPL-2.0-only
/* The check "records": nothing of what guest and observer had to say was lost. */
#include <string.h>

#include "defaults.h"
#include "lost.h"

void lost_count(struct lost *l, const char *type)
{
	static const char *const types[] = { "guest", "step",    "op",       "worker",
					     "sched", "payload", "leftover", "observer" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		l->guest += strcmp(type, types[i]) == 0;
}

void judge_lost(struct judge *j)
{
	const struct model *m = j->m;
	const struct lost *l = &m->lost;
	struct finding f = finding_of("records", NULL);

	if (!default_judged(j, LIM_RECORDS, &f))
		return;
	if (l->record > 0 || l->console > 0) {
		f.observed = (double)(l->record > 0 ? l->record : l->console);
		f.unit = "bytes";
		judge_say(j, V_FAIL, &f, "%.0f bytes of the guest's %s were lost", f.observed,
			  l->record > 0 ? "records" : "console");
	} else if (m->waits->have && l->written >= 0 && (uint64_t)l->written > l->guest) {
		f.observed = (double)l->guest;
		f.limit = (double)l->written;
		f.unit = "records";
		judge_say(j, V_FAIL, &f, "the guest wrote %lld records, %llu are here",
			  (long long)l->written, (unsigned long long)l->guest);
	} else if (m->seen.beyond || m->host.full || m->conservation->full) {
		judge_say(j, V_INCONCLUSIVE, &f, "there are more samples than kt-check keeps");
	} else if (l->written < 0 && !m->vm_cause) {
		judge_say(j, V_SKIP, &f, "nothing says how many records there should be");
	} else {
		judge_say(j, V_PASS, &f, "no record was lost");
	}
}
