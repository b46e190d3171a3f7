// SPDX-License-Identifier: GPL-2.0-only
/* Findings become check records, and all of them together a verdict. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "exit.h"
#include "judge.h"

static const char *const verdict_names[V_COUNT] = {
	[V_SKIP] = "skip",
	[V_PASS] = "pass",
	[V_INCONCLUSIVE] = "inconclusive",
	[V_FAIL] = "fail",
};

struct finding finding_of(const char *check, const struct group *g)
{
	return (struct finding){ .check = check, .group = g, .observed = NAN, .limit = NAN };
}

static void put_value(struct json_object *o, const char *key, double v, const char *text)
{
	if (text)
		rec_str(o, key, text);
	else
		rec_dbl(o, key, v); /* NAN: null */
}

/* "name: ", with its group and step where it has several, then the sentence. */
static void put_detail(struct json_object *o, const struct model *m, const struct finding *f,
		       const struct place *p, const char *sentence)
{
	char group[32] = "", step[48] = "", *text;

	if (f->group && p->groups > 1)
		snprintf(group, sizeof(group), ", group %u", f->group->number);
	if (p && m->cgroups[p->cgroup].places > 1 && p->step == MODEL_BACKDROP)
		snprintf(step, sizeof(step), " (backdrop)");
	else if (p && m->cgroups[p->cgroup].places > 1)
		snprintf(step, sizeof(step), " (step %lld)", (long long)p->step);
	if (!p ||
	    asprintf(&text, "%s%s%s: %s", m->cgroups[p->cgroup].name, group, step, sentence) < 0) {
		rec_str(o, "detail", sentence);
		return;
	}
	rec_str(o, "detail", text);
	free(text);
}

void judge_say(struct judge *j, enum verdict v, const struct finding *f, const char *fmt, ...)
{
	const struct place *p = f->group ? &j->m->places[f->group->place] : f->place;
	struct json_object *o = rec_new("check");
	char *sentence;
	va_list ap;
	int n;

	rec_str(o, "name", f->check);
	rec_str(o, "cgroup", p ? j->m->cgroups[p->cgroup].name : NULL);
	if (f->group && p->groups > 1)
		rec_int(o, "group", f->group->number);
	if (f->payload)
		rec_str(o, "payload", f->payload);
	if (f->worker)
		rec_int(o, "worker", f->worker->tid);
	else
		rec_add(o, "worker", NULL);
	put_value(o, "observed", f->observed, f->observed_text);
	put_value(o, "limit", f->limit, f->limit_text);
	rec_str(o, "unit", f->unit);
	rec_str(o, "verdict", verdict_names[v]);
	va_start(ap, fmt);
	n = vasprintf(&sentence, fmt, ap);
	va_end(ap);
	put_detail(o, j->m, f, p, n < 0 ? "out of memory" : sentence);
	if (n >= 0)
		free(sentence);
	rec_put(j->out, o);
	j->count[v]++;
}

void judge_exceeded(struct judge *j, const struct finding *f, bool still, const char *host,
		    const char *fmt, ...)
{
	char *sentence;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&sentence, fmt, ap);
	va_end(ap);
	if (n < 0)
		sentence = NULL;
	j->host_did |= !still;
	if (still)
		judge_say(j, V_FAIL, f, "%s", sentence ? sentence : "out of memory");
	else
		judge_say(j, V_INCONCLUSIVE, f, "%s; %s", sentence ? sentence : "out of memory",
			  host);
	free(sentence);
}

/* What to do about a run that says nothing. */
static void put_advice(struct json_object *o, const struct judge *j)
{
	const struct host_model *h = &j->m->host;
	char text[256], many[64] = "";

	if (h->cpus > 0 && h->vcpus > h->cpus)
		snprintf(many, sizeof(many), " (%lld on a host of %lld now)", (long long)h->vcpus,
			 (long long)h->cpus);
	if (j->host_did)
		snprintf(text, sizeof(text),
			 "the host kept the guest from running: try again when it is quieter, with "
			 "fewer vCPUs%s, or for longer",
			 many);
	else
		snprintf(text, sizeof(text),
			 "there was too little to judge by: run for longer, or provide what the "
			 "inconclusive checks say is missing");
	rec_str(o, "advice", text);
}

int judge_verdict(struct judge *j)
{
	static const int codes[V_COUNT] = {
		[V_SKIP] = KT_OK,
		[V_PASS] = KT_OK,
		[V_INCONCLUSIVE] = KT_INCONCLUSIVE,
		[V_FAIL] = KT_FAIL,
	};
	struct json_object *o = rec_new("verdict");
	bool allowed = false;
	int v = V_COUNT - 1;

	while (v > 0 && !j->count[v])
		v--;
	allowed = v == V_INCONCLUSIVE && j->m->allow_inconclusive;
	rec_str(o, "test", j->m->test);
	rec_str(o, "verdict", verdict_names[v]);
	if (allowed)
		rec_bool(o, "allowed", true);
	rec_int(o, "passed", j->count[V_PASS]);
	rec_int(o, "failed", j->count[V_FAIL]);
	rec_int(o, "inconclusive", j->count[V_INCONCLUSIVE]);
	rec_int(o, "skipped", j->count[V_SKIP]);
	if (v == V_INCONCLUSIVE)
		put_advice(o, j);
	rec_put(j->out, o);
	return allowed ? KT_OK : codes[v];
}
