// SPDX-License-Identifier: GPL-2.0-only
/* The snapshot of a failure in short; all of it is in the records. */
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "record.h"

#define FEW      20 /* of a kind, unless all are asked for */
#define STACK    4  /* frames of a CPU */
#define TASKS    8  /* of a queue */
#define TEXT_MAX 40 /* of a variable that is a text */

static size_t length(struct json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static struct json_object *item(struct json_object *a, size_t i)
{
	return json_object_array_get_idx(a, i);
}

static void show_string(const struct term *out, struct json_object *v)
{
	term_text(out, json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "?");
}

static void show_task(const struct term *out, struct json_object *t)
{
	term_text(out, rec_get_str(t, "comm", "?"));
	fprintf(out->f, "[%lld]", (long long)rec_get_int(t, "pid", -1));
}

static void frames(const struct term *out, struct json_object *stack, size_t most)
{
	size_t i;

	for (i = 0; i < length(stack) && i < most; i++) {
		fputs(i ? " < " : "", out->f);
		show_string(out, item(stack, i));
	}
	if (length(stack) > most)
		fprintf(out->f, " < %zu more", length(stack) - most);
}

static void backtrace(const struct term *out, struct json_object *stack, bool verbose)
{
	if (!length(stack))
		return;
	fputs("backtrace: ", out->f);
	frames(out, stack, verbose ? length(stack) : FEW);
	fputs("\n", out->f);
}

static void cpus(const struct term *out, struct json_object *list, bool verbose)
{
	size_t i, n = length(list), most = verbose ? n : FEW;
	struct json_object *c;

	for (i = 0; i < n && i < most; i++) {
		c = item(list, i);
		fprintf(out->f, "cpu %lld: ", (long long)rec_get_int(c, "cpu", -1));
		show_task(out, rec_get_obj(c, "curr"));
		fprintf(out->f, " of %lld, ", (long long)rec_get_int(c, "nr_running", 0));
		if (length(rec_get_arr(c, "stack")))
			frames(out, rec_get_arr(c, "stack"), verbose ? 64 : STACK);
		else
			term_text(out, rec_get_str(c, "regs_error", "in user mode"));
		fputs("\n", out->f);
	}
	if (n > most)
		fprintf(out->f, "... and %zu more CPUs\n", n - most);
}

static void tasks(const struct term *out, struct json_object *list, bool verbose)
{
	size_t i, n = length(list), most = verbose ? n : TASKS;

	for (i = 0; i < n && i < most; i++) {
		fputs(i ? ", " : "", out->f);
		show_task(out, item(list, i));
		fprintf(out->f, " for %lld jiffies",
			(long long)rec_get_int(item(list, i), "runnable_jiffies", 0));
	}
	if (n > most)
		fprintf(out->f, " and %zu more", n - most);
	fputs("\n", out->f);
}

/* Queues that have tasks. */
static void queues(const struct term *out, struct json_object *snapshot, bool verbose)
{
	struct json_object *dsqs = rec_get_arr(snapshot, "dsqs"),
			   *list = rec_get_arr(snapshot, "cpus");
	size_t i, shown = 0;

	if (rec_get_bool(snapshot, "bypass", false))
		fputs("bypass mode: the kernel has moved the tasks out of the scheduler's queues\n",
		      out->f);
	for (i = 0; i < length(dsqs) && (verbose || shown < FEW); i++) {
		if (!length(rec_get_arr(item(dsqs, i), "tasks")))
			continue;
		fprintf(out->f,
			"DSQ %lld (%lld): ", (long long)rec_get_int(item(dsqs, i), "id", -1),
			(long long)rec_get_int(item(dsqs, i), "nr", 0));
		tasks(out, rec_get_arr(item(dsqs, i), "tasks"), verbose);
		shown++;
	}
	for (i = 0; i < length(list) && (verbose || shown < FEW); i++) {
		if (!length(rec_get_arr(item(list, i), "local_dsq")))
			continue;
		fprintf(out->f, "local DSQ of cpu %lld: ",
			(long long)rec_get_int(item(list, i), "cpu", -1));
		tasks(out, rec_get_arr(item(list, i), "local_dsq"), verbose);
		shown++;
	}
}

/* Is there something in it beside zeros? */
static bool says_something(struct json_object *v)
{
	size_t i;

	switch (json_object_get_type(v)) {
	case json_type_null:
		return false;
	case json_type_string:
		return json_object_get_string_len(v) > 0;
	case json_type_array:
		for (i = 0; i < length(v); i++)
			if (says_something(item(v, i)))
				return true;
		return false;
	case json_type_object: {
		rec_each (v, key, member) {
			(void)key;
			if (says_something(member))
				return true;
		}
		return false;
	}
	default:
		return json_object_get_double(v) != 0;
	}
}

static void variable(const struct term *out, const char *name, struct json_object *v)
{
	char text[TEXT_MAX + 4];

	fputs(" ", out->f);
	term_text(out, name);
	fputs("=", out->f);
	if (json_object_is_type(v, json_type_object) || json_object_is_type(v, json_type_array)) {
		fputs(json_object_is_type(v, json_type_object) ? "{...}" : "[...]", out->f);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", TEXT_MAX, json_object_get_string(v));
	term_text(out, text);
}

/* Variables of .bss and .data that are not zero. */
static void globals(const struct term *out, struct json_object *maps)
{
	struct json_object *vars;
	const char *name;
	size_t i;
	bool any;

	for (i = 0; i < length(maps); i++) {
		name = rec_get_str(item(maps, i), "name", "");
		vars = rec_get_arr(item(maps, i), "entries");
		vars = length(vars) ? rec_get_obj(item(vars, 0), "value") : NULL;
		if (!vars || !(strstr(name, ".bss") || strstr(name, ".data")))
			continue;
		any = false;
		rec_each (vars, key, v) {
			if (!says_something(v))
				continue;
			if (!any)
				term_text(out, name);
			fputs(any ? "" : ":", out->f);
			any = true;
			variable(out, key, v);
		}
		fputs(any ? "\n" : "", out->f);
	}
}

/* An event's members as the kernel's tracepoint has them, in the words of people for some. */
static void event(const struct term *out, struct json_object *e, int64_t last)
{
	const char *name = rec_get_str(e, "event", "?");

	fprintf(out->f, "%+.3fms cpu %lld ", (double)(rec_get_ns(e, "ts_ns", 0) - last) / 1e6,
		(long long)rec_get_int(e, "cpu", -1));
	term_text(out, name);
	fputs(" ", out->f);
	if (strcmp(name, "sched_switch") == 0) {
		term_text(out, rec_get_str(e, "prev_comm", "?"));
		fprintf(out->f, "[%lld] -> ", (long long)rec_get_int(e, "prev_pid", -1));
		term_text(out, rec_get_str(e, "next_comm", "?"));
		fprintf(out->f, "[%lld]\n", (long long)rec_get_int(e, "next_pid", -1));
		return;
	}
	show_task(out, e);
	if (json_object_object_get_ex(e, "target_cpu", NULL))
		fprintf(out->f, " on cpu %lld", (long long)rec_get_int(e, "target_cpu", -1));
	if (json_object_object_get_ex(e, "dest_cpu", NULL))
		fprintf(out->f, " cpu %lld -> %lld", (long long)rec_get_int(e, "orig_cpu", -1),
			(long long)rec_get_int(e, "dest_cpu", -1));
	fputs("\n", out->f);
}

static void flight(const struct term *out, struct json_object *events)
{
	size_t n = length(events), i = n > FEW ? n - FEW : 0;
	int64_t last = n ? rec_get_ns(item(events, n - 1), "ts_ns", 0) : 0;

	if (n)
		fprintf(out->f, "last %zu of %zu scheduler events:\n", n - i, n);
	for (; i < n; i++)
		event(out, item(events, i), last);
}

static void own_dump(const struct term *out, const char *dump, bool verbose)
{
	char line[512];
	unsigned int lines = 0, more = 0;
	size_t n;

	if (dump && *dump)
		fputs("the scheduler's own dump:\n", out->f);
	for (; dump && *dump; dump += n + (dump[n] == '\n')) {
		n = strcspn(dump, "\n");
		if (!n)
			continue;
		if (lines == FEW && !verbose) {
			more++;
			continue;
		}
		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line)),
			 dump);
		fputs("  ", out->f);
		term_text(out, line);
		fputs("\n", out->f);
		lines++;
	}
	if (more)
		fprintf(out->f, "  ... and %u more lines (kt-report -v shows them)\n", more);
}

void dump_write(const struct term *out, struct json_object *snapshot, struct json_object *stack,
		const char *dump, bool verbose)
{
	backtrace(out, stack, verbose);
	cpus(out, rec_get_arr(snapshot, "cpus"), verbose);
	queues(out, snapshot, verbose);
	globals(out, rec_get_arr(snapshot, "maps"));
	flight(out, rec_get_arr(snapshot, "flight"));
	own_dump(out, dump, verbose);
}
