// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check "scheduler": did each scheduler live as long as it should, or, where the test
 * expects an error, did it die with that one. When the guest died, what is not known
 * about the scheduler is its consequence.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/host.h"
#include "scheduler.h"
#include "units.h"

bool scheduler_failed(const struct model *m)
{
	return m->scheduler && (m->sched.seen[SCHED_FAILED] || m->sched.seen[SCHED_EXIT]);
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

/* "scheduler x died 3.2s into the workload, in step 0: reason (exit 1)" */
static char *tell_end(const struct model *m)
{
	const struct sched *s = &m->sched;
	const char *reason = s->reason ? s->reason : "no reason was given";
	const char *exit = s->exit && !strstr(reason, s->exit) ? s->exit : NULL;
	char buf[96], *text;
	bool failed = s->seen[SCHED_FAILED];
	int n;

	n = asprintf(&text, "scheduler %s %s%s: %s%s%s%s", s->name ? s->name : m->scheduler,
		     failed ? "did not attach" : "died ", failed ? "" : when(m, buf, sizeof(buf)),
		     reason, exit ? " (" : "", exit ? exit : "", exit ? ")" : "");
	return n < 0 ? NULL : text;
}

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool yes;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return false; /* kt-guest plan has tried it */
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static bool contains(const char *part, const char *text)
{
	return strstr(text, part) != NULL;
}

/* The first string of an array that the text does not fit, or NULL. */
static const char *first_unfit(struct json_object *array, const char *text,
			       bool (*fits)(const char *, const char *))
{
	size_t i, n = array ? json_object_array_length(array) : 0;
	const char *s;

	for (i = 0; i < n; i++) {
		s = json_object_get_string(json_object_array_get_idx(array, i));
		if (s && !fits(s, text))
			return s;
	}
	return NULL;
}

/* It died, as the test expects: with the words that it expects? */
static void judge_error(struct judge *j, const struct finding *f, const char *end)
{
	const struct model *m = j->m;
	const char *reason = m->sched.reason ? m->sched.reason : "";
	const char *part = first_unfit(m->expect.contains, reason, contains);
	const char *pattern = first_unfit(m->expect.matches, reason, matches);

	if (part)
		judge_say(j, V_FAIL, f, "%s; expected an error that contains \"%s\"", end, part);
	else if (pattern)
		judge_say(j, V_FAIL, f, "%s; expected an error that matches \"%s\"", end, pattern);
	else
		judge_say(j, V_PASS, f, "%s, as the test expects", end);
}

/*
 * How long it may be away by its own choice: a scheduler that starts over when a CPU comes or
 * goes is soon back.
 */
#define AWAY_MS 1000.0

/* What the kernel did instead, told with its length; true: that was too long. */
static bool away_for(struct judge *j, struct finding *f, enum away_how how, int64_t from,
		     int64_t to, const char *ops)
{
	static const char *const words[AWAY_HOWS] = {
		[AWAY_GONE] = "was away, and the kernel's own scheduler in its place,",
		[AWAY_BYPASS] = "was bypassed by the kernel",
		[AWAY_OTHER] = "had another in its place",
	};
	const struct model *m = j->m;
	char time[ARITH_TIME], host[HOST_WORDS];
	double ms = (double)(to - from) / NSEC_PER_MSEC;
	int64_t cpu;
	uint64_t held = host_most(m, NULL, from, to, &cpu);

	if (ms <= AWAY_MS)
		return false;
	f->observed = ms;
	f->limit = AWAY_MS;
	f->unit = "ms";
	judge_exceeded(
		j, f, ms - (double)held / NSEC_PER_MSEC > AWAY_MS,
		host_words(m, cpu, from, to, host), "scheduler %s %s for %s from %.1fs on%s%s%s",
		m->scheduler, words[how], arith_time((double)(to - from), time),
		(double)(from - (m->seen.workload_ns > 0 ? m->seen.workload_ns : 0)) / NSEC_PER_SEC,
		ops[0] ? " (" : "", ops, ops[0] ? ")" : "");
	return true;
}

/* Longer than it takes to start over, while steps ran, and no op of the plan made it so. */
static bool away_for_long(struct judge *j, struct finding *f)
{
	const struct away *a = &j->m->away;
	int64_t restart = a->restart_ns;
	bool bad = false;
	int how;

	if (j->m->limits.v[LIMIT_SCHEDULER] == LIMIT_OFF || j->m->terms.moves_scheduler)
		return false;
	for (how = 0; how < AWAY_HOWS && !bad; how++)
		bad = away_for(j, f, how, a->longest[how].from, a->longest[how].to,
			       how == AWAY_OTHER ? a->longest[how].ops : "");
	return bad || away_for(j, f, AWAY_GONE, a->restart_at - restart, a->restart_at, "");
}

/* Nothing says that it failed. */
static void judge_alive(struct judge *j, struct finding *f)
{
	const struct model *m = j->m;
	const struct sched *s = &m->sched;
	bool whole = s->attached && !s->running && s->seen[SCHED_STOP];

	if (j->not_judged)
		judge_say(j, V_SKIP, f, "not judged: %s", j->not_judged);
	else if (!whole)
		judge_say(j, V_INCONCLUSIVE, f, "no record says that scheduler %s %s", m->scheduler,
			  s->attached ? "was stopped" : "attached");
	else if (m->expect.error)
		judge_say(j, V_FAIL, f, "scheduler %s ran until it was stopped; expected an error",
			  m->scheduler);
	else if (away_for_long(j, f))
		return;
	else if (s->attached > 1)
		judge_say(j, V_PASS, f,
			  "%llu schedulers attached, one after another, and each ran until it was "
			  "stopped",
			  (unsigned long long)s->attached);
	else
		judge_say(j, V_PASS, f, "scheduler %s attached and ran until it was stopped",
			  m->scheduler);
}

/*
 * How long a time limit gave the scheduler for what it did not do: to attach, or, by the kernel's
 * watchdog, to run a task. 0: it did not fail by such a one.
 */
static int64_t time_limit(const char *reason)
{
	static const char *const words[] = { "not attached after ", "failed to run for ", NULL };
	const char *at = NULL;
	double s = 0;
	int i;

	for (i = 0; words[i] && !at; i++) {
		at = reason ? strstr(reason, words[i]) : NULL;
		if (at)
			s = strtod(at + strlen(words[i]), NULL);
	}
	return s > 0 && s < 3600 ? (int64_t)(s * NSEC_PER_SEC) : 0;
}

/*
 * It failed. Where a time limit said so, and the host kept a vCPU for more than three quarters of
 * that time, it may have been the host: what had less than a quarter is not what the limit means.
 */
static void judge_failed(struct judge *j, const struct finding *f, const char *end)
{
	const struct model *m = j->m;
	int64_t ns = time_limit(m->sched.reason), to = host_time(m, (int64_t)m->sched.guest_ns),
		cpu;
	char host[HOST_WORDS];
	uint64_t held;

	to = to < 0 ? 0 : to;
	held = host_most(m, NULL, to - ns, to, &cpu);
	judge_exceeded(j, f, held <= (uint64_t)ns / 4 * 3, host_words(m, cpu, to - ns, to, host),
		       "%s", end);
}

void judge_scheduler(struct judge *j)
{
	const struct model *m = j->m;
	struct finding f = finding_of("scheduler", NULL);
	char *end;

	if (!m->scheduler)
		return;
	if (!scheduler_failed(m)) {
		judge_alive(j, &f);
		return;
	}
	end = tell_end(m);
	if (m->expect.error)
		judge_error(j, &f, end ? end : "the scheduler ended");
	else
		judge_failed(j, &f, end ? end : "the scheduler ended");
	free(end);
	j->not_judged =
		m->sched.seen[SCHED_FAILED] ? "the scheduler did not attach" : "the scheduler died";
}
