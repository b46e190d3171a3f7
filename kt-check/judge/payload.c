// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of the plan's payloads: how each ended, and its metrics against the checks of its
 * definition. Of the metrics only those are kept that a check asks for.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/group.h"
#include "payload.h"
#include "record.h"
#include "units.h"

static size_t checks_of(const struct payload *p)
{
	return p->checks ? json_object_array_length(p->checks) : 0;
}

static struct json_object *check_at(const struct payload *p, size_t i)
{
	return json_object_array_get_idx(p->checks, i);
}

/* The values that the checks are about. */
static int keep_values(const struct payload *p, struct payload_run *r, struct json_object *metrics)
{
	size_t i, n = checks_of(p);
	const char *name;

	r->values = calloc(n + 1, sizeof(*r->values));
	if (!r->values)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		name = rec_get_str(check_at(p, i), "metric", "");
		r->values[i] = metrics ? rec_get_dbl(metrics, name, NAN) : NAN;
	}
	return 0;
}

/* The last line that is not empty, as what went wrong. */
static char *last_line(const char *text)
{
	size_t end = strlen(text), start;

	while (end && strchr("\n\r \t", text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] != '\n';)
		start--;
	return end > start ? strndup(text + start, end - start) : NULL;
}

int take_payload(struct model *m, struct json_object *o, struct errbuf *e)
{
	const char *name = rec_get_str(o, "name", NULL), *exit = rec_get_str(o, "exit", NULL);
	int64_t duration = rec_get_int(o, "duration_ns", 0);
	struct payload_run *r;
	struct payload *p;
	int rc;

	if (!name || !exit)
		return errbuf_set(e, -EINVAL, "expected strings as name and exit");
	p = payload_get(m, name, e);
	if (!p)
		return -ENOMEM;
	rc = group_room(&m->runs, m->nruns, &m->runs_cap, sizeof(*r), e);
	if (rc)
		return rc;
	p->reported++;
	r = &m->runs[m->nruns++];
	*r = (struct payload_run){ .payload = (uint32_t)(p - m->payloads),
				   .exit = strdup(exit),
				   .said = last_line(rec_get_str(o, "stderr", "")),
				   .duration_ns = duration > 0 ? (uint64_t)duration : 0 };
	if (keep_values(p, r, rec_get_obj(o, "metrics")) || !r->exit)
		return errbuf_set(e, -ENOMEM, "out of memory");
	return 0;
}

static struct finding payload_finding(const struct payload *p)
{
	struct finding f = finding_of("payload", NULL);

	f.payload = p->name;
	return f;
}

/* The exit code that a check asks for, or 0. */
static int64_t exit_wanted(const struct payload *p)
{
	size_t i, n = checks_of(p);

	for (i = 0; i < n; i++)
		if (json_object_object_get_ex(check_at(p, i), "exit_code", NULL))
			return rec_get_int(check_at(p, i), "exit_code", 0);
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
	size_t i, n = checks_of(p);

	if (!good) /* what it did not say then is a consequence */
		return;
	for (i = 0; i < n; i++)
		good &= judge_metric(j, p, check_at(p, i), r->values[i]);
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
