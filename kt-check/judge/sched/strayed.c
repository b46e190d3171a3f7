// SPDX-License-Identifier: GPL-2.0-only
/* The check "affinity" of tasks in samples, of what model/waits.c has found. */
#include "judge/check.h"
#include "judge/words.h"
#include "strayed.h"

void judge_strayed(struct judge *j)
{
	const struct waits *w = j->m->waits;
	struct finding f = finding_of("affinity", NULL);

	if (!check_is_judged(j, LIMIT_AFFINITY, &f))
		return;
	if (!promised(j->m, PROMISE_AFFINITY))
		judge_say(j, V_SKIP, &f, "the scheduler does not promise to keep to affinities");
	else if (!w->have_outside)
		judge_say(j, V_SKIP, &f, "no sample tells whether tasks keep to their masks");
	else if (w->worst.samples >= WAITS_STRAY_SAMPLES)
		judge_say(j, V_FAIL, &f,
			  "task %lld \"%s\" ran on CPU %u, which its mask does not have, in %u "
			  "samples in a row, the last at %.1fs",
			  (long long)w->worst.pid, w->worst_comm, w->worst_cpu, w->worst.samples,
			  seconds_into(j->m, w->worst.t_ns));
	else
		judge_say(j, V_PASS, &f,
			  "no task ran outside its mask in three of %llu samples in a row",
			  (unsigned long long)w->samples);
}
