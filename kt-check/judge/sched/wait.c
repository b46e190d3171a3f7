// SPDX-License-Identifier: GPL-2.0-only
/* The check "wait", of what model/waits.c has found. */
#include <stdio.h>

#include "judge/check.h"
#include "judge/words.h"
#include "units.h"
#include "wait.h"

/* ", while its CPU ran tasks of class rt ("hog") for 1.9s of it" */
static const char *higher_words(const struct long_wait *x, char *buf, size_t size)
{
	char time[ARITH_TIME];

	buf[0] = '\0';
	if (x->higher_ns)
		snprintf(buf, size, ", while its CPU ran tasks of a higher class for %s%s%s%s%s%s",
			 arith_time((double)x->higher_ns, time), x->higher_comm[0] ? " (" : "",
			 x->higher_comm[0] ? raw_class_name(x->higher) : "",
			 x->higher_comm[0] ? " \"" : "", x->higher_comm,
			 x->higher_comm[0] ? "\")" : "");
	return buf;
}

static void tell(struct judge *j, struct finding *f, const struct long_wait *x, bool still)
{
	char task[TASK_WORDS], bound[ARITH_TIME], host[HOST_WORDS], higher[128];
	int64_t from = x->t_ns - (int64_t)x->task.wait_ns;

	f->observed = (double)x->task.wait_ns / NSEC_PER_MSEC;
	f->limit = x->bound_ns / NSEC_PER_MSEC;
	f->unit = "ms";
	judge_exceeded(j, f, still,
		       host_words(j->m, x->vcpu < 0 ? x->task.cpu : x->vcpu, from, x->t_ns, host),
		       "%s had waited for CPU %u at %.1fs, more than %s, which is %d rounds of %u "
		       "tasks with slices of %dms%s",
		       task_words(&x->task, task), x->task.cpu, seconds_into(j->m, x->t_ns),
		       arith_time(x->bound_ns, bound), WAITS_ROUNDS, x->contenders,
		       (int)((x->task.class == CLASS_EXT ? WAITS_SLICE_EXT : WAITS_SLICE_FAIR) /
			     NSEC_PER_MSEC),
		       higher_words(x, higher, sizeof(higher)));
}

void judge_wait(struct judge *j)
{
	const struct waits *w = j->m->waits;
	struct finding f = finding_of("wait", NULL);
	char task[TASK_WORDS], higher[128];

	if (!check_is_judged(j, LIMIT_WAIT, &f))
		return;
	f.unit = "ms";
	f.observed = w->longest_ns / NSEC_PER_MSEC;
	if (!w->have)
		judge_say(j, V_SKIP, &f, "no sample tells which tasks wait");
	else if (w->fail.any)
		tell(j, &f, &w->fail, true);
	else if (w->host.any)
		tell(j, &f, &w->host, false);
	else if (w->above.any && w->above.idle_ns)
		judge_say(j, V_PASS, &f,
			  "%s waited beside an idle CPU, which the scheduler does not promise to "
			  "use",
			  task_words(&w->above.task, task));
	else if (w->above.any)
		judge_say(j, V_PASS, &f,
			  "no task of its own class kept another waiting: %s waited%s",
			  task_words(&w->above.task, task),
			  higher_words(&w->above, higher, sizeof(higher)));
	else if (w->longest_ns > 0)
		judge_say(j, V_PASS, &f, "the longest wait for a CPU in %llu samples: %s",
			  (unsigned long long)w->samples, task_words(&w->longest, task));
	else
		judge_say(j, V_PASS, &f, "no task waited for 1ms in %llu samples",
			  (unsigned long long)w->samples);
}
