// SPDX-License-Identifier: GPL-2.0-only
/* What payloads, and workers that measure things of their own, had to say. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "record.h"
#include "units.h"

#define METRICS_MAX 8  /* of one program or worker, when it is not verbose */
#define LINES_MAX   10 /* programs and workers, when it is not verbose */

/* The definition of a payload's metric in the plan: its unit and which way is better. */
static struct json_object *hint_of(const struct facts *s, const char *payload, const char *metric)
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

static void metric(const struct term *out, const char *name, double v, struct json_object *hint)
{
	const char *polarity = rec_get_str(hint, "polarity", "");

	fputs("  ", out->f);
	term_text(out, name);
	fprintf(out->f, " %.6g", v);
	if (rec_get_str(hint, "unit", NULL)) {
		fputs(" ", out->f);
		term_text(out, rec_get_str(hint, "unit", ""));
	}
	if (strcmp(polarity, "higher") == 0 || strcmp(polarity, "lower") == 0)
		fprintf(out->f, " (%s is better)", polarity);
	else if (strcmp(polarity, "target") == 0)
		fprintf(out->f, " (target %.6g)", rec_get_dbl(hint, "target", NAN));
	fputs("\n", out->f);
}

/* Those with a hint, or those without one: how many were shown. */
static int metrics_of(const struct term *out, const struct facts *s, const char *payload,
		      struct json_object *o, bool hinted, int most)
{
	struct json_object *hint;
	int shown = 0;

	rec_each (o, name, v) {
		hint = payload ? hint_of(s, payload, name) : NULL;
		if ((hint != NULL) != hinted || shown >= most)
			continue;
		metric(out, name, json_object_get_double(v), hint);
		shown++;
	}
	return shown;
}

/* Those that the plan knows first: of many they are what someone asked for. */
static void metrics(const struct term *out, const struct facts *s, const char *payload,
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

static void payload(const struct term *out, const struct facts *s, struct json_object *o,
		    bool verbose)
{
	const char *name = rec_get_str(o, "name", "?");
	struct json_object *m = rec_get_obj(o, "metrics");

	fputs("payload ", out->f);
	term_text(out, name);
	fputs(": ", out->f);
	term_text(out, rec_get_str(o, "exit", "?"));
	fprintf(out->f, " after %.1fs\n", (double)rec_get_ns(o, "duration_ns", 0) / NSEC_PER_SEC);
	if (m)
		metrics(out, s, name, m, verbose);
}

static void worker(const struct term *out, const struct facts *s, struct json_object *o,
		   bool verbose)
{
	term_text(out, rec_get_str(o, "cgroup", "?"));
	fprintf(out->f, " worker %lld (", (long long)rec_get_int(o, "index", 0));
	term_text(out, rec_get_str(o, "work", "?"));
	fputs(")\n", out->f);
	metrics(out, s, NULL, rec_get_obj(o, "metrics"), verbose);
}

void metrics_write(const struct term *out, const struct facts *s, bool verbose)
{
	const struct list *l = &s->metrics;
	unsigned int i, n = verbose || l->n < LINES_MAX ? l->n : LINES_MAX;

	if (!l->n)
		return;
	term_section(out, "metrics");
	for (i = 0; i < n; i++)
		if (rec_is(l->rec[i], "payload"))
			payload(out, s, l->rec[i], verbose);
		else
			worker(out, s, l->rec[i], verbose);
	if (l->n + l->beyond > n)
		fprintf(out->f, "... and %lu more programs and workers\n", l->n + l->beyond - n);
}
