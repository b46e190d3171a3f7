// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "run", which is always on: did the guest run to its end, and did it do and
 * report all that the plan says. A fault is told once: when the scheduler died, what the
 * guest then did not do is its consequence, and the check "scheduler" tells it.
 */
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "evidence.h"
#include "life.h"
#include "scheduler.h"
#include "units.h"

/* A console line without the kernel's time stamp, "[    4.123456] ". */
static const char *without_stamp(const char *line)
{
	const char *end = line[0] == '[' ? strstr(line, "] ") : NULL;

	return end ? end + 2 : line;
}

#define STARVED_NS NSEC_PER_SEC

/* "; task 46 "init" in DSQ 1 had waited 2.0s for a CPU", or nothing. */
static const char *starved_words(const struct model *m, char *buf, size_t size)
{
	char time[ARITH_TIME];

	buf[0] = '\0';
	if (m->starved.wait_ns >= STARVED_NS)
		snprintf(buf, size, "; by then %s %lld \"%s\"%s%s had waited %s for a CPU",
			 m->starved.kthread ? "kernel thread" : "task", (long long)m->starved.pid,
			 m->starved.comm, m->starved.dsq[0] ? " in DSQ " : "", m->starved.dsq,
			 arith_time((double)m->starved.wait_ns, time));
	return buf;
}

/* The guest had time for all it does; whether the host gave it that time is another question. */
static void judge_deadline(struct judge *j, const struct finding *f, const char *what)
{
	const struct model *m = j->m;
	char words[HOST_WORDS];
	int64_t cpu;
	uint64_t host_ns = host_most(m, NULL, 0, m->exit_ns, &cpu);
	bool still = m->exit_ns <= 0 || host_ns < (uint64_t)m->exit_ns / 2;

	judge_exceeded(j, f, still, host_words(m, cpu, 0, m->exit_ns, words),
		       "the guest did not end before the deadline%s%s", what ? ": " : "",
		       what ? what : "");
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
		{ "engine_lost", "the engine died under the guest" },
		{ "interrupted", "the run was interrupted" },
	};
	const struct model *m = j->m;
	const char *what = m->vm_panic ? without_stamp(m->vm_panic) : m->vm_detail;
	size_t i;

	if (m->on_host) {
		if (!m->host_done)
			judge_say(j, V_FAIL, f, "the run did not come to its end");
		return !m->host_done;
	}
	if (!m->vm_cause) {
		judge_say(j, V_FAIL, f, "no record says how the guest ended");
		return true;
	}
	if (strcmp(m->vm_cause, "poweroff") == 0)
		return false;
	if (strcmp(m->vm_cause, "deadline") == 0) {
		judge_deadline(j, f, what);
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(causes); i++) {
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
	char starved[128];

	starved_words(m, starved, sizeof(starved));
	if (m->op_error)
		judge_say(j, V_FAIL, f, "%s%s", m->op_error, starved);
	else if (m->guest_error)
		judge_say(j, V_FAIL, f, "%s: %s%s",
			  m->on_host ? "kt-guest reports" : "the guest reports", m->guest_error,
			  starved);
	else if (m->worker_died)
		judge_say(j, V_FAIL, f, "%s", m->worker_died);
	else if (m->guest_exit > 0)
		judge_say(j, V_FAIL, f, "kt-guest ended with exit code %lld in the guest",
			  (long long)m->guest_exit);
	else
		return false;
	return true;
}

/* Every cgroup must have as many reports as the plan starts workers in it. */
static bool judge_reports(struct judge *j)
{
	bool bad = false;
	uint32_t i;

	for (i = 0; i < j->m->nplaces; i++) {
		const struct place *p = &j->m->places[i];
		struct finding f = finding_of("run", NULL);

		if (p->reported == p->planned)
			continue;
		f.place = p;
		f.observed = (double)p->reported;
		f.limit = (double)p->planned;
		f.unit = "workers";
		judge_say(j, V_FAIL, &f, "%llu of %llu planned workers reported",
			  (unsigned long long)p->reported, (unsigned long long)p->planned);
		bad = true;
	}
	return bad;
}

static bool judge_payload_reports(struct judge *j)
{
	bool bad = false;
	uint32_t i;

	for (i = 0; i < j->m->npayloads; i++) {
		const struct payload *p = &j->m->payloads[i];
		struct finding f = finding_of("run", NULL);

		if (p->reported == p->planned)
			continue;
		f.payload = p->name;
		f.observed = (double)p->reported;
		f.limit = (double)p->planned;
		f.unit = "runs";
		judge_say(j, V_FAIL, &f, "payload %s: %llu of %llu planned runs reported", p->name,
			  (unsigned long long)p->reported, (unsigned long long)p->planned);
		bad = true;
	}
	return bad;
}

static bool judge_ops(struct judge *j)
{
	struct finding f = finding_of("run", NULL);
	uint32_t i, seen = 0;

	for (i = 0; i < j->m->nops; i++)
		seen += j->m->ops[i].seen;
	if (seen == j->m->nops)
		return false;
	f.observed = seen;
	f.limit = j->m->nops;
	f.unit = "ops";
	judge_say(j, V_FAIL, &f, "%u of %u planned ops reported", seen, j->m->nops);
	return true;
}

static bool judge_complete(struct judge *j)
{
	bool bad = judge_ops(j);

	bad |= judge_reports(j);
	bad |= judge_payload_reports(j);
	return bad;
}

static void judge_run(struct judge *j)
{
	struct finding f = finding_of("run", NULL);
	bool bad = judge_vm_exit(j, &f);

	if (!bad && !scheduler_failed(j->m))
		bad = judge_guest(j, &f) || whole_judge_end(j, &f) || whole_judge_steps(j, &f) ||
		      judge_complete(j);
	else if (!bad)
		bad = whole_judge_end(j, &f);
	if (bad)
		j->not_judged = "the run failed";
	else
		judge_say(j, V_PASS, &f, "%s, %u workers reported",
			  j->m->on_host ? "the run came to its end" : "the guest powered off",
			  j->m->nworkers);
}

void judge_life(struct judge *j)
{
	judge_run(j);
	judge_scheduler(j);
}
