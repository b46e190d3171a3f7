// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan for people. What it has beside the usual is printed by name, as it is in the
 * record, so that what a later version adds is not left out.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "plan.h"
#include "record.h"
#include "units.h"

static void value(const struct term *out, const char *key, struct json_object *v);

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* 20s, 1.5ms: the largest unit of which there is at least one. */
static void duration(const struct term *out, double ns)
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" }, { 1, "ns" } };
	size_t i = 0;

	if (ns == 0)
		i = 3;
	while (i < 3 && fabs(ns) < units[i].ns)
		i++;
	fprintf(out->f, "%.15g%s", ns / units[i].ns, ns == 0 ? "" : units[i].unit);
}

/* Members as " key=value"; those that say nothing are left out. */
static void members(const struct term *out, struct json_object *o, const char *const *but)
{
	int i;

	rec_each (o, key, v) {
		for (i = 0; but && but[i] && strcmp(but[i], key) != 0;)
			i++;
		if (!v || (but && but[i]) ||
		    (json_object_is_type(v, json_type_object) && !json_object_object_length(v)) ||
		    (json_object_is_type(v, json_type_array) && !json_object_array_length(v)))
			continue;
		fputs(" ", out->f);
		if (ends_with(key, "_ns"))
			fprintf(out->f, "%.*s=", (int)strlen(key) - 3, key);
		else
			fprintf(out->f, "%s=", key);
		value(out, key, v);
	}
}

static void array(const struct term *out, const char *key, struct json_object *a)
{
	size_t i, n = json_object_array_length(a);

	for (i = 0; i < n; i++) {
		fputs(i ? "," : "", out->f);
		value(out, key, json_object_array_get_idx(a, i));
	}
}

static void value(const struct term *out, const char *key, struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_object:
		fputs("{", out->f);
		members(out, v, NULL);
		fputs(" }", out->f);
		break;
	case json_type_array:
		array(out, key, v);
		break;
	case json_type_int:
	case json_type_double:
		if (ends_with(key, "_ns") || strcmp(key, "ns") == 0)
			duration(out, json_object_get_double(v));
		else
			fprintf(out->f, "%.15g", json_object_get_double(v));
		break;
	default:
		term_text(out, json_object_get_string(v));
	}
}

static void label(const struct term *out, const char *name)
{
	term_word(out, COLOUR_DIM, name);
	fprintf(out->f, "%*s", (int)(12 - strlen(name)), "");
}

static void line(const struct term *out, const char *name, const char *text)
{
	if (!text)
		return;
	label(out, name);
	term_text(out, text);
	fputs("\n", out->f);
}

/* Is it in every record of a test, as null or false where the test does not set it? */
static bool is_unset(struct json_object *assert, const char *key, struct json_object *v)
{
	static const char *const usual[] = { "isolation", "not_stuck", "max_throughput_cv",
					     "min_work_rate", "min_iteration_rate" };
	size_t i;

	if (v && !(json_object_is_type(v, json_type_boolean) && !json_object_get_boolean(v)))
		return false;
	for (i = 0; i < ARRAY_SIZE(usual); i++)
		if (strcmp(usual[i], key) == 0)
			return true;
	/* these two come with not_stuck */
	return (strcmp(key, "max_gap_ms") == 0 || strcmp(key, "max_spread_pct") == 0) &&
	       !rec_get_bool(assert, "not_stuck", false);
}

/* "max_gap 500ms", "isolation", "share off" */
static void limit(const struct term *out, const char *key, struct json_object *v)
{
	bool number =
		json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
	bool ms = ends_with(key, "_ms"), timed = ms || ends_with(key, "_ns");

	fprintf(out->f, "%.*s", (int)(strlen(key) - (timed ? 3 : 0)), key);
	if (timed && number) {
		fputs(" ", out->f);
		duration(out, json_object_get_double(v) * (ms ? NSEC_PER_MSEC : 1));
	} else if (number) {
		fprintf(out->f, " %.15g", json_object_get_double(v));
	} else if (!json_object_get_boolean(v)) {
		fputs(" off", out->f);
	}
}

/* Those of a whole test as a line, without what it does not set; of a group in a parenthesis. */
static bool limits(const struct term *out, struct json_object *assert, bool whole)
{
	bool any = false;

	rec_each (assert, key, v) {
		if (json_object_is_type(v, json_type_array) || (whole && is_unset(assert, key, v)))
			continue;
		if (!any && whole)
			label(out, "assert");
		else
			fputs(any ? ", " : " (", out->f);
		limit(out, key, v);
		any = true;
	}
	return any;
}

/* Of a group, those of its cgroup among them: " (max_gap off, max_p99_wake_latency 5ms)" */
static void own_limits(const struct term *out, struct json_object *o)
{
	struct json_object *assert = rec_get_obj(o, "assert");

	if (assert && limits(out, assert, false))
		fputs(")", out->f);
}

/* "2 Bursty burst=50ms sleep=100ms, nice=5" */
static void group(const struct term *out, struct json_object *g)
{
	static const char *const but[] = { "workers", "work",   "clone", "name",
					   "cpus",    "assert", NULL };
	static const char *const type[] = { "type", NULL };
	struct json_object *work = rec_get_obj(g, "work");

	fprintf(out->f, "%lld ", (long long)rec_get_int(g, "workers", 0));
	term_text(out, rec_get_str(work, "type", "?"));
	if (work)
		members(out, work, type);
	if (strcmp(rec_get_str(g, "clone", "process"), "process") != 0)
		fputs(" threads", out->f);
	members(out, g, but);
	own_limits(out, g);
}

static void cgroup(const struct term *out, struct json_object *c, const char *indent)
{
	static const char *const but[] = { "name", "workers", "work",   "groups",
					   "cpus", "files",   "assert", NULL };
	struct json_object *groups = rec_get_arr(c, "groups"), *files = rec_get_obj(c, "files");
	size_t i, n = groups ? json_object_array_length(groups) : 0;
	const char *cpus = rec_get_str(c, "cpus", NULL);

	fputs(indent, out->f);
	term_word(out, COLOUR_BOLD, "cgroup ");
	term_text(out, rec_get_str(c, "name", "?"));
	if (cpus) {
		fputs(" on cpus ", out->f);
		term_text(out, cpus);
	}
	members(out, c, but);
	if (files)
		members(out, files, NULL);
	fputs(n == 0 && !rec_get_obj(c, "work") ? ": empty" : ": ", out->f);
	if (!groups)
		group(out, c);
	for (i = 0; i < n; i++) {
		fputs(i ? "; " : "", out->f);
		group(out, json_object_array_get_idx(groups, i));
	}
	fputs("\n", out->f);
}

static void op(const struct term *out, struct json_object *o)
{
	static const char *const but[] = { "op", "cgroup", "group", NULL };
	const char *kind = rec_get_str(o, "op", "?"), *name = rec_get_str(o, "cgroup", NULL);
	struct json_object *c = rec_get_obj(o, "cgroup"), *g = rec_get_obj(o, "group");

	fputs("  op ", out->f);
	term_text(out, kind);
	if (name) {
		fputs(" ", out->f);
		term_text(out, name);
	}
	members(out, o, but);
	if (g) {
		fputs(": ", out->f);
		group(out, g);
	}
	fputs("\n", out->f);
	if (c)
		cgroup(out, c, "    ");
}

static void cgroups_and_ops(const struct term *out, struct json_object *s)
{
	struct json_object *cgroups = rec_get_arr(s, "cgroups"), *ops = rec_get_arr(s, "ops");
	size_t i;

	for (i = 0; cgroups && i < json_object_array_length(cgroups); i++)
		cgroup(out, json_object_array_get_idx(cgroups, i), "  ");
	for (i = 0; ops && i < json_object_array_length(ops); i++)
		op(out, json_object_array_get_idx(ops, i));
}

static void step(const struct term *out, size_t i, struct json_object *s)
{
	int64_t every = rec_get_ns(s, "every_ns", 0);
	char title[48];

	snprintf(title, sizeof(title), "step %zu", i);
	term_word(out, COLOUR_BOLD, title);
	fputs(", ", out->f);
	duration(out, (double)rec_get_ns(s, "hold_ns", 0));
	if (every) {
		fputs(", ops every ", out->f);
		duration(out, (double)every);
	}
	fputs("\n", out->f);
	cgroups_and_ops(out, s);
}

static void payloads(const struct term *out, struct json_object *test)
{
	static const char *const but[] = { "name", NULL };
	struct json_object *list = rec_get_arr(test, "payloads"), *p;
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++) {
		p = json_object_array_get_idx(list, i);
		label(out, "payload");
		term_text(out, rec_get_str(p, "name", "?"));
		members(out, p, but);
		fputs("\n", out->f);
	}
	line(out, "primary", rec_get_str(test, "payload", NULL));
}

static void scheduler(const struct term *out, struct json_object *s)
{
	static const char *const but[] = { "name", "guest_binary", NULL };

	label(out, "scheduler");
	term_text(out, s ? rec_get_str(s, "name", "?") : "eevdf, the kernel's own");
	if (s)
		members(out, s, but);
	fputs("\n", out->f);
}

static void optional(const struct term *out, const char *name, struct json_object *o)
{
	if (!o || !json_object_object_length(o))
		return;
	label(out, name);
	members(out, o, NULL);
	fputs("\n", out->f);
}

/* "heavy 3 : light 1, within 10 %" */
static void share(const struct term *out, struct json_object *s)
{
	struct json_object *of = rec_get_obj(s, "of");
	bool any = false;

	label(out, "share");
	if (of) {
		rec_each (of, name, part) {
			fputs(any ? " : " : "", out->f);
			term_text(out, name);
			fprintf(out->f, " %.15g", json_object_get_double(part));
			any = true;
		}
	}
	fprintf(out->f, ", within %.15g %%\n", rec_get_dbl(s, "tolerance_pct", 0));
}

/* "work_units of a by those of b, at least 0.5, at most 2" */
static void ratio(const struct term *out, struct json_object *r)
{
	label(out, "ratio");
	term_text(out, rec_get_str(r, "metric", "?"));
	fputs(" of ", out->f);
	term_text(out, rec_get_str(r, "over", "?"));
	fputs(" by those of ", out->f);
	term_text(out, rec_get_str(r, "under", "?"));
	if (json_object_object_get_ex(r, "min", NULL))
		fprintf(out->f, ", at least %.15g", rec_get_dbl(r, "min", 0));
	if (json_object_object_get_ex(r, "max", NULL))
		fprintf(out->f, ", at most %.15g", rec_get_dbl(r, "max", 0));
	fputs("\n", out->f);
}

static void allowed(const struct term *out, struct json_object *a)
{
	label(out, "kernel may");
	fputs("say \"", out->f);
	term_text(out, rec_get_str(a, "text", "?"));
	fputs("\": ", out->f);
	term_text(out, rec_get_str(a, "reason", "?"));
	fputs("\n", out->f);
}

static void each(const struct term *out, struct json_object *list,
		 void (*print)(const struct term *out, struct json_object *o))
{
	size_t i;

	for (i = 0; list && i < json_object_array_length(list); i++)
		print(out, json_object_array_get_idx(list, i));
}

static void asserted(const struct term *out, struct json_object *assert)
{
	if (limits(out, assert, true))
		fputs("\n", out->f);
	each(out, rec_get_arr(assert, "shares"), share);
	each(out, rec_get_arr(assert, "ratios"), ratio);
	each(out, rec_get_arr(assert, "kernel_log_allow"), allowed);
}

void plan_write(const struct term *out, struct json_object *test)
{
	struct json_object *assert = rec_get_obj(test, "assert"),
			   *kargs = rec_get_arr(test, "kargs");
	struct json_object *backdrop = rec_get_obj(test, "backdrop");
	struct json_object *steps = rec_get_arr(test, "steps");
	size_t i;

	term_word(out, COLOUR_BOLD, rec_get_str(test, "name", "?"));
	fputs("\n", out->f);
	line(out, "description", rec_get_str(test, "description", NULL));
	line(out, "file", rec_get_str(test, "file", NULL));
	scheduler(out, rec_get_obj(test, "scheduler"));
	label(out, "guest");
	term_text(out, rec_get_str(test, "topology", "?"));
	fprintf(out->f, ", %lld MiB, watchdog ", (long long)rec_get_int(test, "memory_mib", 0));
	duration(out, (double)rec_get_ns(test, "watchdog_ns", 0));
	fputs("\n", out->f);
	if (kargs && json_object_array_length(kargs)) {
		label(out, "kargs");
		array(out, "kargs", kargs);
		fputs("\n", out->f);
	}
	optional(out, "sysctls", rec_get_obj(test, "sysctls"));
	optional(out, "expect", rec_get_obj(test, "expect"));
	if (assert)
		asserted(out, assert);
	payloads(out, test);
	if (backdrop) {
		term_word(out, COLOUR_BOLD, "backdrop\n");
		cgroups_and_ops(out, backdrop);
	}
	for (i = 0; steps && i < json_object_array_length(steps); i++)
		step(out, i, json_object_array_get_idx(steps, i));
}

void plan_items(const struct term *out, const struct list *items)
{
	size_t width = 0, n;
	unsigned int i;
	const char *name, *text, *error;

	for (i = 0; i < items->n; i++) {
		n = strlen(rec_get_str(items->rec[i], "name", ""));
		width = n > width && n <= 40 ? n : width;
	}
	for (i = 0; i < items->n; i++) {
		name = rec_get_str(items->rec[i], "name", "");
		text = rec_get_str(items->rec[i], "description", NULL);
		error = rec_get_str(items->rec[i], "error", NULL);
		term_text(out, name);
		n = strlen(name);
		if (text || error)
			fprintf(out->f, "%*s", (int)(n < width ? width - n : 0) + 2, "");
		if (error)
			term_word(out, COLOUR_RED, "bad file ");
		term_text(out, error ? error : text);
		fputs("\n", out->f);
	}
}
