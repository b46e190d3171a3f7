// SPDX-License-Identifier: GPL-2.0-only
/* Steps and ops of a run, a line each. */
#include <math.h>
#include <string.h>

#include "record.h"
#include "steps.h"
#include "units.h"

#define LINES_MAX 40 /* of steps and ops, when it is not verbose */

static double ms(struct json_object *o, const char *key)
{
	return (double)rec_get_int(o, key, 0) / NSEC_PER_MSEC;
}

/* A member of an op that says something: " cpus=0-1". */
static void member(const struct term *out, struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !v)
		return;
	fprintf(out->f, " %s=", key);
	term_text(out, json_object_get_string(v));
}

static void op_line(const struct term *out, struct json_object *o)
{
	static const char *const args[] = { "cgroups",   "from",   "to",     "payload",
					    "scheduler", "cpus",   "weight", "value",
					    "signal",    "key",    "path",   "workers",
					    "effective", "online", "tasks",  "now",
					    NULL };
	int64_t count = rec_get_int(o, "count", 1);
	int i;

	fputs("  ", out->f);
	term_text(out, rec_get_str(o, "op", "?"));
	if (rec_get_str(o, "cgroup", NULL)) {
		fputs(" ", out->f);
		term_text(out, rec_get_str(o, "cgroup", ""));
	}
	for (i = 0; args[i]; i++)
		member(out, o, args[i]);
	if (!rec_get_bool(o, "ok", true)) {
		fputs(": ", out->f);
		term_word(out, COLOUR_RED, "failed");
		fputs(": ", out->f);
		term_text(out, rec_get_str(o, "error", "?"));
	} else if (count != 1) {
		fprintf(out->f, ": %lld times, %.1fms at most", (long long)count,
			ms(o, "duration_ns"));
	} else {
		fprintf(out->f, ": %.1fms", ms(o, "duration_ns"));
	}
	fputs("\n", out->f);
}

/* Since the first step began, in seconds. */
static void step_line(const struct term *out, struct json_object *o, int64_t begin)
{
	double at = (double)(rec_get_ns(o, "guest_ns", 0) - begin) / NSEC_PER_SEC;
	const char *event = rec_get_str(o, "event", "");

	fprintf(out->f, "%.1fs step %lld ", at, (long long)rec_get_int(o, "index", 0));
	term_text(out, event);
	if (strcmp(event, "hold") == 0)
		fprintf(out->f, ", %lld workers, set up in %.1fms",
			(long long)rec_get_int(o, "workers", 0), ms(o, "setup_ns"));
	fputs("\n", out->f);
}

/* Steps without ops need no section: the checks name them. */
static bool worth_it(const struct list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (rec_is(l->rec[i], "op"))
			return true;
	return false;
}

void steps_write(const struct term *out, const struct facts *s, bool verbose)
{
	const struct list *l = &s->steps;
	unsigned int i, n = verbose || l->n < LINES_MAX ? l->n : LINES_MAX;
	int64_t begin = -1;

	if (!worth_it(l))
		return;
	term_section(out, "steps");
	for (i = 0; i < n; i++) {
		if (rec_is(l->rec[i], "op")) {
			op_line(out, l->rec[i]);
			continue;
		}
		if (begin < 0)
			begin = rec_get_ns(l->rec[i], "guest_ns", 0);
		step_line(out, l->rec[i], begin);
	}
	if (l->n + l->beyond > n)
		fprintf(out->f, "... and %lu more\n", l->n + l->beyond - n);
}
