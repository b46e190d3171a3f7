// SPDX-License-Identifier: GPL-2.0-only
/* What sentences of several checks share: the step, and a task. */
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "words.h"

struct step_text step_words(const struct model *m, int64_t step)
{
	struct step_text t = { "" };

	if (m->last_step > 0 && step >= 0)
		snprintf(t.s, sizeof(t.s), " in step %lld", (long long)step);
	return t;
}

double seconds_into(const struct model *m, int64_t t_ns)
{
	return (double)(t_ns - (m->seen.workload_ns > 0 ? m->seen.workload_ns : 0)) / NSEC_PER_SEC;
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
