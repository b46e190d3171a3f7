// SPDX-License-Identifier: GPL-2.0-only
/* The plan's temporal checks. */
#include <math.h>

#include "model/observed.h"
#include "model/temporal.h"
#include "temporal.h"

static void judge_rule(struct judge *j, struct temporal *t)
{
	const struct observed *s = &j->m->seen;
	struct finding f = finding_of("temporal", NULL);
	const char *pattern = temporal_patterns[t->rule.pattern];
	struct outcome o;

	if (j->not_judged) {
		judge_say(j, V_SKIP, &f, "%s %s: not judged: %s", t->field, pattern, j->not_judged);
		return;
	}
	if (s->error || s->full) {
		judge_say(j, V_INCONCLUSIVE, &f, "%s %s: %s", t->field, pattern,
			  s->error ? s->error : "there are more values than kt-check keeps");
		return;
	}
	series_close(&t->s);
	series_close(&t->o);
	series_judge(&t->s, &t->o, &t->rule, &o);
	f.observed = o.observed;
	f.limit = o.limit;
	judge_say(j, o.verdict, &f, "%s %s: %s", t->field, pattern, o.text);
}

void judge_temporal(struct judge *j)
{
	uint32_t i;

	for (i = 0; i < j->m->seen.nrules; i++)
		judge_rule(j, &j->m->seen.rules[i]);
}
