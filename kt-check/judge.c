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

/* "name: ", or "name (step 1): " for a cgroup that several steps use, then the sentence. */
static void put_detail(struct json_object *o, const struct model *m, const struct group *g,
		       const char *sentence)
{
	const struct cgroup *c = g ? &m->cgroups[g->cgroup] : NULL;
	char *text = NULL;
	int n;

	if (!c)
		n = asprintf(&text, "%s", sentence);
	else if (c->steps > 1)
		n = asprintf(&text, "%s (step %lld): %s", c->name, (long long)g->step, sentence);
	else
		n = asprintf(&text, "%s: %s", c->name, sentence);
	rec_str(o, "detail", n < 0 ? sentence : text);
	if (n >= 0)
		free(text);
}

void judge_say(struct judge *j, enum verdict v, const struct finding *f, const char *fmt, ...)
{
	struct json_object *o = rec_new("check");
	char *sentence;
	va_list ap;
	int n;

	rec_str(o, "name", f->check);
	rec_str(o, "cgroup", f->group ? j->m->cgroups[f->group->cgroup].name : NULL);
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
	put_detail(o, j->m, f->group, n < 0 ? "out of memory" : sentence);
	if (n >= 0)
		free(sentence);
	rec_put(j->out, o);
	j->count[v]++;
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
	int v = V_COUNT - 1;

	while (v > 0 && !j->count[v])
		v--;
	rec_str(o, "test", j->m->test);
	rec_str(o, "verdict", verdict_names[v]);
	rec_int(o, "passed", j->count[V_PASS]);
	rec_int(o, "failed", j->count[V_FAIL]);
	rec_int(o, "inconclusive", j->count[V_INCONCLUSIVE]);
	rec_int(o, "skipped", j->count[V_SKIP]);
	rec_put(j->out, o);
	return codes[v];
}
