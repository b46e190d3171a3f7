// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks that are always on: did the guest run to its end and did all workers
 * report ("run"), and did the scheduler under test live as long as it should
 * ("scheduler"). A fault is told by one of them: when the scheduler died, what
 * the guest then did not do is its consequence; when the guest died, so is what
 * is not known about the scheduler.
 */
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "units.h"

static bool scheduler_failed(const struct model *m)
{
	return m->scheduler && (m->sched.seen[SCHED_FAILED] || m->sched.seen[SCHED_EXIT]);
}

/* A console line without the kernel's time stamp, "[    4.123456] ". */
static const char *without_stamp(const char *line)
{
	const char *end = line[0] == '[' ? strstr(line, "] ") : NULL;

	return end ? end + 2 : line;
}

/* How the VM ended; true when it failed the check. */
static bool judge_vm_exit(struct judge *j, const struct finding *f)
{
	static const struct {
		const char *cause, *sentence;
	} causes[] = {
		{ "panic", "the guest panicked" },
		{ "reboot", "the guest rebooted" },
		{ "triple_fault", "the guest's CPU hit a triple fault" },
		{ "deadline", "the guest did not end before the deadline" },
		{ "engine_lost", "the engine died under the guest" },
		{ "interrupted", "the run was interrupted" },
	};
	const struct model *m = j->m;
	const char *what = m->vm_panic ? without_stamp(m->vm_panic) : m->vm_detail;
	size_t i;

	if (!m->vm_cause) {
		judge_say(j, V_FAIL, f, "no record says how the guest ended");
		return true;
	}
	if (strcmp(m->vm_cause, "poweroff") == 0)
		return false;
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(m->vm_cause, causes[i].cause) != 0)
			continue;
		judge_say(j, V_FAIL, f, "%s%s%s", causes[i].sentence, what ? ": " : "",
			  what ? what : "");
		return true;
	}
	judge_say(j, V_FAIL, f, "the guest ended by \"%s\"%s%s", m->vm_cause, what ? ": " : "",
		  what ? what : "");
	return true;
}

/* What the guest itself says went wrong. */
static bool judge_guest(struct judge *j, const struct finding *f)
{
	const struct model *m = j->m;

	if (m->guest_error)
		judge_say(j, V_FAIL, f, "the guest reports: %s", m->guest_error);
	else if (m->worker_died)
		judge_say(j, V_FAIL, f, "%s", m->worker_died);
	else if (m->guest_exit > 0)
		judge_say(j, V_FAIL, f, "kt-guest ended with exit code %lld in the guest",
			  (long long)m->guest_exit);
	else
		return false;
	return true;
}

/* Every group must have as many reports as the plan has workers. */
static bool judge_reports(struct judge *j)
{
	bool bad = false;
	uint32_t i;

	for (i = 0; i < j->m->ngroups; i++) {
		const struct group *g = &j->m->groups[i];
		struct finding f = finding_of("run", g);

		if (g->reported == g->planned)
			continue;
		f.observed = (double)g->reported;
		f.limit = (double)g->planned;
		f.unit = "workers";
		judge_say(j, V_FAIL, &f, "%llu of %llu planned workers reported",
			  (unsigned long long)g->reported, (unsigned long long)g->planned);
		bad = true;
	}
	return bad;
}

static void judge_run(struct judge *j)
{
	struct finding f = finding_of("run", NULL);
	bool bad = judge_vm_exit(j, &f);

	if (!bad && !scheduler_failed(j->m))
		bad = judge_guest(j, &f) || judge_reports(j);
	if (bad)
		j->not_judged = "the run failed";
	else
		judge_say(j, V_PASS, &f, "the guest powered off, %u workers reported",
			  j->m->nworkers);
}

/* "3.2s into the workload, in step 0" */
static const char *when(const struct model *m, char *buf, size_t size)
{
	const struct sched *s = &m->sched;
	double into;

	if (!m->begun || s->guest_ns < m->begin_ns)
		return "before the workload";
	into = (double)(s->guest_ns - m->begin_ns) / NSEC_PER_SEC;
	if (s->step < 0)
		snprintf(buf, size, "%.1fs into the workload, between or after its steps", into);
	else
		snprintf(buf, size, "%.1fs into the workload, in step %lld", into,
			 (long long)s->step);
	return buf;
}

static void judge_scheduler(struct judge *j)
{
	const struct model *m = j->m;
	const struct sched *s = &m->sched;
	struct finding f = finding_of("scheduler", NULL);
	const char *reason = s->reason ? s->reason : "no reason was given";
	const char *exit = s->exit && !strstr(reason, s->exit) ? s->exit : NULL;
	char buf[96];

	if (!m->scheduler)
		return;
	if (s->seen[SCHED_FAILED])
		judge_say(j, V_FAIL, &f, "scheduler %s did not attach: %s%s%s%s", m->scheduler,
			  reason, exit ? " (" : "", exit ? exit : "", exit ? ")" : "");
	else if (s->seen[SCHED_EXIT])
		judge_say(j, V_FAIL, &f, "scheduler %s died %s: %s%s%s%s", m->scheduler,
			  when(m, buf, sizeof(buf)), reason, exit ? " (" : "", exit ? exit : "",
			  exit ? ")" : "");
	else if (s->seen[SCHED_ATTACH] && s->seen[SCHED_STOP])
		judge_say(j, V_PASS, &f, "scheduler %s attached and ran until it was stopped",
			  m->scheduler);
	else if (j->not_judged)
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
	else
		judge_say(j, V_INCONCLUSIVE, &f, "no record says that scheduler %s %s",
			  m->scheduler, s->seen[SCHED_ATTACH] ? "was stopped" : "attached");
	if (scheduler_failed(m))
		j->not_judged = s->seen[SCHED_FAILED] ? "the scheduler did not attach"
						      : "the scheduler died";
}

void judge_life(struct judge *j)
{
	judge_run(j);
	judge_scheduler(j);
}
