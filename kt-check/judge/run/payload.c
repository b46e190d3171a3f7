// SPDX-License-Identifier: GPL-2.0-only
/* How runs of payloads ended, and their metrics against the checks of their definitions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/payload.h"
#include "payload.h"
#include "units.h"

static struct finding payload_finding(const struct payload *p)
{
	struct finding f = finding_of("payload", NULL);

	f.payload = p->name;
	return f;
}

/* The exit code that a check asks for, or 0. */
static int64_t exit_wanted(const struct payload *p)
{
	size_t i, n = payload_checks(p);

	for (i = 0; i < n; i++)
		if (json_object_object_get_ex(payload_check(p, i), "exit_code", NULL))
			return rec_get_int(payload_check(p, i), "exit_code", 0);
	return 0;
}

/* One that was ended with its step ("killed") did what it was to do. */
static bool judge_exit(struct judge *j, const struct payload *p, const struct payload_run *r)
{
	struct finding f = payload_finding(p);
	char want[32];

	snprintf(want, sizeof(want), "exit %lld", (long long)exit_wanted(p));
	f.observed_text = r->exit;
	f.limit_text = want;
	if (strcmp(r->exit, want) == 0 || strcmp(r->exit, "killed") == 0)
		return true;
	if (strcmp(r->exit, "timeout") == 0)
		judge_say(j, V_FAIL, &f, "payload %s did not end in time: it ran for %.1fs",
			  p->name, (double)r->duration_ns / NSEC_PER_SEC);
	else
		judge_say(j, V_FAIL, &f, "payload %s ended with %s, expected %s%s%s", p->name,
			  r->exit, want, r->said ? ": " : "", r->said ? r->said : "");
	return false;
}

static bool judge_range(struct judge *j, const struct payload *p, struct json_object *c,
			const char *metric, double v)
{
	const struct {
		const char *key, *words;
		int sign;
	} bounds[] = { { "min", "below", 1 }, { "max", "above", -1 } };
	struct finding f = payload_finding(p);
	size_t i;

	f.observed = v;
	for (i = 0; i < 2; i++) {
		f.limit = rec_get_dbl(c, bounds[i].key, NAN);
		if (isnan(f.limit) || (v - f.limit) * bounds[i].sign >= 0)
			continue;
		judge_say(j, V_FAIL, &f, "payload %s: %s %.15g %s %.15g", p->name, metric, v,
			  bounds[i].words, f.limit);
		return false;
	}
	return true;
}

static bool judge_metric(struct judge *j, const struct payload *p, struct json_object *c, double v)
{
	const char *metric = rec_get_str(c, "metric", NULL);
	bool wanted = rec_get_bool(c, "exists", true);
	struct finding f = payload_finding(p);

	if (!metric)
		return true;
	if (isnan(v) != wanted)
		return isnan(v) || judge_range(j, p, c, metric, v);
	judge_say(j, V_FAIL, &f, "payload %s: %s metric %s", p->name,
		  wanted ? "its output has no" : "its output has a", metric);
	return false;
}

static void judge_run(struct judge *j, const struct payload_run *r)
{
	const struct payload *p = &j->m->payloads[r->payload];
	struct finding f = payload_finding(p);
	bool good = judge_exit(j, p, r);
	size_t i, n = payload_checks(p);

	if (!good) /* what it did not say then is a consequence */
		return;
	for (i = 0; i < n; i++)
		good &= judge_metric(j, p, payload_check(p, i), r->values[i]);
	if (good)
		judge_say(j, V_PASS, &f, "payload %s: %s after %.1fs%s", p->name, r->exit,
			  (double)r->duration_ns / NSEC_PER_SEC, n ? ", as its checks ask" : "");
}

void judge_payloads(struct judge *j)
{
	struct finding f = finding_of("payload", NULL);
	uint32_t i;

	if (j->not_judged && j->m->npayloads) {
		judge_say(j, V_SKIP, &f, "not judged: %s", j->not_judged);
		return;
	}
	for (i = 0; i < j->m->nruns; i++)
		judge_run(j, &j->m->runs[i]);
}
