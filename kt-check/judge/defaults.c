// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "defaults.h"

bool default_judged(struct judge *j, enum limit_id id, const struct finding *f)
{
	if (j->m->limits.v[id] == LIMIT_OFF)
		return false;
	if (j->not_judged)
		judge_say(j, V_SKIP, f, "not judged: %s", j->not_judged);
	return !j->not_judged;
}

struct step_text step_words(const struct model *m, int64_t step)
{
	struct step_text t = { "" };

	if (m->last_step > 0 && step >= 0)
		snprintf(t.s, sizeof(t.s), " in step %lld", (long long)step);
	return t;
}

/* " in DSQ 1", " in the local DSQ", or nothing for other classes. */
static void dsq_words(const struct raw_who *t, char *buf, size_t size)
{
	buf[0] = '\0';
	if (t->dsq[0] >= '0' && t->dsq[0] <= '9')
		snprintf(buf, size, " in DSQ %s", t->dsq);
	else if (strcmp(t->dsq, "none") == 0)
		snprintf(buf, size, " in no DSQ");
	else if (t->dsq[0])
		snprintf(buf, size, " in the %s DSQ", t->dsq);
}

const char *task_words(const struct raw_who *t, char buf[TASK_WORDS])
{
	char dsq[40], time[ARITH_TIME];

	dsq_words(t, dsq, sizeof(dsq));
	snprintf(buf, TASK_WORDS, "%s %lld \"%s\"%s, %s", t->kthread ? "kernel thread" : "task",
		 (long long)t->pid, t->comm, dsq, arith_time((double)t->wait_ns, time));
	return buf;
}

void judge_defaults(struct judge *j)
{
	judge_conservation(j);
	judge_waits(j);
	judge_strayed(j);
	judge_turns(j);
	judge_callbacks(j);
	judge_klog(j);
	judge_shape(j);
	judge_lost(j);
	judge_observer(j);
}
