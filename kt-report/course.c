// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "course.h"
#include "record.h"
#include "units.h"

#define LINES_MAX   40 /* of steps and ops, when it is not verbose */
#define METRICS_MAX 8  /* of one program or worker, when it is not verbose */

static double ms(struct json_object *o, const char *key)
{
	return (double)rec_get_int(o, key, 0) / NSEC_PER_MSEC;
}

/* A member of an op that says something: " cpus=0-1". */
static void member(const struct show *out, struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !v)
		return;
	fprintf(out->f, " %s=", key);
	show_text(out, json_object_get_string(v));
}

static void op_line(const struct show *out, struct json_object *o)
{
	static const char *const args[] = { "cgroups",   "from",   "to",     "payload",
					    "scheduler", "cpus",   "weight", "value",
					    "signal",    "key",    "path",   "workers",
					    "effective", "online", "tasks",  "now",
					    NULL };
	int64_t count = rec_get_int(o, "count", 1);
	int i;

	fputs("  ", out->f);
	show_text(out, rec_get_str(o, "op", "?"));
	if (rec_get_str(o, "cgroup", NULL)) {
		fputs(" ", out->f);
		show_text(out, rec_get_str(o, "cgroup", ""));
	}
	for (i = 0; args[i]; i++)
		member(out, o, args[i]);
	if (!rec_get_bool(o, "ok", true)) {
		fputs(": ", out->f);
		show_word(out, COLOUR_RED, "failed");
		fputs(": ", out->f);
		show_text(out, rec_get_str(o, "error", "?"));
	} else if (count != 1) {
		fprintf(out->f, ": %lld times, %.1fms at most", (long long)count,
			ms(o, "duration_ns"));
	} else {
		fprintf(out->f, ": %.1fms", ms(o, "duration_ns"));
	}
	fputs("\n", out->f);
}

/* Since the first step began, in seconds. */
static void step_line(const struct show *out, struct json_object *o, int64_t begin)
{
	double at = (double)(rec_get_int(o, "guest_ns", 0) - begin) / NSEC_PER_SEC;
	const char *event = rec_get_str(o, "event", "");

	fprintf(out->f, "%.1fs step %lld ", at, (long long)rec_get_int(o, "index", 0));
	show_text(out, event);
	if (strcmp(event, "hold") == 0)
		fprintf(out->f, ", %lld workers, set up in %.1fms",
			(long long)rec_get_int(o, "workers", 0), ms(o, "setup_ns"));
	fputs("\n", out->f);
}

/* Steps alone are no story: the checks name them. */
static bool worth_it(const struct list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (rec_is(l->rec[i], "op"))
			return true;
	return false;
}

void course_steps(const struct show *out, const struct story *s, bool verbose)
{
	const struct list *l = &s->course;
	unsigned int i, n = verbose || l->n < LINES_MAX ? l->n : LINES_MAX;
	int64_t begin = -1;

	if (!worth_it(l))
		return;
	show_section(out, "steps");
	for (i = 0; i < n; i++) {
		if (rec_is(l->rec[i], "op")) {
			op_line(out, l->rec[i]);
			continue;
		}
		if (begin < 0)
			begin = rec_get_int(l->rec[i], "guest_ns", 0);
		step_line(out, l->rec[i], begin);
	}
	if (l->n + l->beyond > n)
		fprintf(out->f, "... and %lu more\n", l->n + l->beyond - n);
}

/* The definition of a payload's metric in the plan: its unit and which way is better. */
static struct json_object *hint_of(const struct story *s, const char *payload, const char *metric)
{
	struct json_object *list = rec_get_arr(s->test, "payloads"), *p, *hints, *h;
	size_t i, k;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		p = json_object_array_get_idx(list, i);
		if (strcmp(rec_get_str(p, "name", ""), payload) != 0)
			continue;
		hints = rec_get_arr(p, "metrics");
		for (k = 0; hints && k < json_object_array_length(hints); k++) {
			h = json_object_array_get_idx(hints, k);
			if (strcmp(rec_get_str(h, "name", ""), metric) == 0)
				return h;
		}
	}
	return NULL;
}

static void metric(const struct show *out, const char *name, double v, struct json_object *hint)
{
	const char *polarity = rec_get_str(hint, "polarity", "");

	fputs("  ", out->f);
	show_text(out, name);
	fprintf(out->f, " %.6g", v);
	if (rec_get_str(hint, "unit", NULL)) {
		fputs(" ", out->f);
		show_text(out, rec_get_str(hint, "unit", ""));
	}
	if (strcmp(polarity, "higher") == 0 || strcmp(polarity, "lower") == 0)
		fprintf(out->f, " (%s is better)", polarity);
	else if (strcmp(polarity, "target") == 0)
		fprintf(out->f, " (target %.6g)", rec_get_dbl(hint, "target", NAN));
	fputs("\n", out->f);
}

/* Those with a hint, or those without one: how many were shown. */
static int metrics_of(const struct show *out, const struct story *s, const char *payload,
		      struct json_object *o, bool hinted, int most)
{
	struct json_object *hint;
	int shown = 0;

	json_object_object_foreach (o, name, v) {
		hint = payload ? hint_of(s, payload, name) : NULL;
		if ((hint != NULL) != hinted || shown >= most)
			continue;
		metric(out, name, json_object_get_double(v), hint);
		shown++;
	}
	return shown;
}

/* Those that the plan knows first: of many they are what someone asked for. */
static void metrics(const struct show *out, const struct story *s, const char *payload,
		    struct json_object *o, bool verbose)
{
	int total = json_object_object_length(o), shown;

	shown = metrics_of(out, s, payload, o, true, total);
	shown += metrics_of(out, s, payload, o, false,
			    verbose               ? total
			    : shown < METRICS_MAX ? METRICS_MAX - shown
						  : 0);
	if (shown < total)
		fprintf(out->f, "  ... and %d more\n", total - shown);
}

static void payload(const struct show *out, const struct story *s, struct json_object *o,
		    bool verbose)
{
	const char *name = rec_get_str(o, "name", "?");
	struct json_object *m = rec_get_obj(o, "metrics");

	fputs("payload ", out->f);
	show_text(out, name);
	fputs(": ", out->f);
	show_text(out, rec_get_str(o, "exit", "?"));
	fprintf(out->f, " after %.1fs\n", ms(o, "duration_ns") / 1000);
	if (m)
		metrics(out, s, name, m, verbose);
}

static void worker(const struct show *out, const struct story *s, struct json_object *o,
		   bool verbose)
{
	show_text(out, rec_get_str(o, "cgroup", "?"));
	fprintf(out->f, " worker %lld (", (long long)rec_get_int(o, "index", 0));
	show_text(out, rec_get_str(o, "work", "?"));
	fputs(")\n", out->f);
	metrics(out, s, NULL, rec_get_obj(o, "metrics"), verbose);
}

void course_metrics(const struct show *out, const struct story *s, bool verbose)
{
	const struct list *l = &s->metrics;
	unsigned int i, n = verbose || l->n < LINES_MAX / 4 ? l->n : LINES_MAX / 4;

	if (!l->n)
		return;
	show_section(out, "metrics");
	for (i = 0; i < n; i++)
		if (rec_is(l->rec[i], "payload"))
			payload(out, s, l->rec[i], verbose);
		else
			worker(out, s, l->rec[i], verbose);
	if (l->n + l->beyond > n)
		fprintf(out->f, "... and %lu more programs and workers\n", l->n + l->beyond - n);
}
