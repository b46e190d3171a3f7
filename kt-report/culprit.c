// SPDX-License-Identifier: GPL-2.0-only
/* Who was at it when a scheduler failed: the callback in the stack, the task in its queue. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "culprit.h"
#include "record.h"

#define STALL "SCX_EXIT_ERROR_STALL"

static size_t length(struct json_object *a)
{
	return json_object_is_type(a, json_type_array) ? json_object_array_length(a) : 0;
}

static struct json_object *item(struct json_object *a, size_t i)
{
	return json_object_array_get_idx(a, i);
}

static const char *text_at(struct json_object *a, size_t i)
{
	struct json_object *v = item(a, i);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
}

/* The program of a snapshot that is this callback of the scheduler, or NULL. */
static const char *prog_for(struct json_object *snapshot, const char *op)
{
	struct json_object *progs = rec_get_arr(snapshot, "progs");
	size_t i;

	for (i = 0; i < length(progs); i++)
		if (strcmp(rec_get_str(item(progs, i), "op", ""), op) == 0)
			return rec_get_str(item(progs, i), "name", NULL);
	return NULL;
}

/* Who a task is to people: "left[63]". */
static void show_task(const struct term *out, struct json_object *t)
{
	term_text(out, rec_get_str(t, "comm", "?"));
	fprintf(out->f, "[%lld]", (long long)rec_get_int(t, "pid", -1));
}

/* The pid in "left[63] failed to run for 2.080s", or -1. */
static int64_t stalled_pid(const char *msg)
{
	const char *at = strstr(msg, "] failed to run for");

	while (at && at > msg && *at != '[')
		at--;
	return at && *at == '[' ? strtoll(at + 1, NULL, 10) : -1;
}

static struct json_object *by_pid(struct json_object *tasks, int64_t pid)
{
	size_t i;

	for (i = 0; i < length(tasks); i++)
		if (rec_get_int(item(tasks, i), "pid", -1) == pid)
			return item(tasks, i);
	return NULL;
}

/* The runnable task that has waited longest. */
static struct json_object *oldest(struct json_object *snapshot)
{
	struct json_object *cpus = rec_get_arr(snapshot, "cpus"), *tasks, *best = NULL;
	int64_t most = -1, age;
	size_t i, k;

	for (i = 0; i < length(cpus); i++) {
		tasks = rec_get_arr(item(cpus, i), "runnable");
		for (k = 0; k < length(tasks); k++) {
			age = rec_get_int(item(tasks, k), "runnable_jiffies", -1);
			if (age > most) {
				most = age;
				best = item(tasks, k);
			}
		}
	}
	return best;
}

/* A queue as people call it. */
static void show_dsq(const struct term *out, struct json_object *dsq)
{
	fprintf(out->f, "DSQ %lld", (long long)rec_get_int(dsq, "id", -1));
}

/* Where the task is, and so whose turn it would have been. */
static void show_place(const struct term *out, struct json_object *snapshot, int64_t pid)
{
	struct json_object *dsqs = rec_get_arr(snapshot, "dsqs"),
			   *cpus = rec_get_arr(snapshot, "cpus");
	const char *prog;
	size_t i;

	for (i = 0; i < length(dsqs); i++) {
		if (!by_pid(rec_get_arr(item(dsqs, i), "tasks"), pid))
			continue;
		fputs(" in ", out->f);
		show_dsq(out, item(dsqs, i));
		fprintf(out->f, " (%lld tasks)", (long long)rec_get_int(item(dsqs, i), "nr", 0));
		prog = prog_for(snapshot, "dispatch");
		if (prog) {
			fputs(", from which ", out->f);
			term_text(out, prog);
			fputs(" did not take it", out->f);
		}
		return;
	}
	for (i = 0; i < length(cpus); i++) {
		if (!by_pid(rec_get_arr(item(cpus, i), "local_dsq"), pid))
			continue;
		fprintf(out->f, " in the local DSQ of cpu %lld, where ",
			(long long)rec_get_int(item(cpus, i), "cpu", -1));
		show_task(out, rec_get_obj(item(cpus, i), "curr"));
		fputs(" runs", out->f);
		return;
	}
	prog = prog_for(snapshot, "enqueue");
	fputs(" in no DSQ", out->f);
	if (prog) {
		fputs(": ", out->f);
		term_text(out, prog);
		fputs(" put it in none", out->f);
	}
}

/* A stall without the kernel's dump: where the snapshot has found the task. */
static void stall_seen(const struct term *out, struct json_object *snapshot, const char *msg)
{
	struct json_object *cpus = rec_get_arr(snapshot, "cpus"), *task = NULL;
	int64_t pid = stalled_pid(msg);
	size_t i;

	for (i = 0; pid >= 0 && i < length(cpus) && !task; i++)
		task = by_pid(rec_get_arr(item(cpus, i), "runnable"), pid);
	if (!task && pid < 0)
		task = oldest(snapshot);
	if (!task)
		return;
	fputs("; ", out->f);
	show_task(out, task);
	fprintf(out->f, " has been runnable for %lld jiffies and waits",
		(long long)rec_get_int(task, "runnable_jiffies", 0));
	if (rec_get_bool(snapshot, "bypass", false))
		fputs(" where the kernel has put it since: the scheduler's queue is not known",
		      out->f);
	else
		show_place(out, snapshot, rec_get_int(task, "pid", -1));
}

/* "kt_enqueue (ops.enqueue)"; either may be unknown. */
static void show_callback(const struct term *out, struct json_object *c)
{
	const char *op = rec_get_str(c, "op", NULL), *program = rec_get_str(c, "program", NULL);

	if (program)
		term_text(out, program);
	if (op) {
		fputs(program ? " (ops." : "ops.", out->f);
		term_text(out, op);
		fputs(program ? ")" : "", out->f);
	}
	if (rec_get_bool(c, "missing", false))
		fputs(", which is missing", out->f);
}

/* A stall by the kernel's dump: the task, and who should have seen to it. */
static void stall_blame(const struct term *out, struct json_object *blame)
{
	struct json_object *task = rec_get_obj(blame, "task"),
			   *callbacks = rec_get_arr(blame, "callbacks");
	const char *dsq = rec_get_str(blame, "dsq", "");
	const bool none = strcmp(dsq, "none") == 0;

	fputs("; ", out->f);
	show_task(out, task);
	fprintf(out->f, " has waited for %lld ms in ",
		(long long)rec_get_int(task, "waited_ms", 0));
	if (none)
		fputs("no DSQ", out->f);
	else if (isdigit((unsigned char)*dsq))
		fprintf(out->f, "DSQ %s", dsq);
	else
		fprintf(out->f, "the %s DSQ", dsq);
	if (strcmp(dsq, "local") == 0)
		fprintf(out->f, " of cpu %lld", (long long)rec_get_int(blame, "cpu", -1));
	if (!length(callbacks))
		return;
	fputs(none ? ": " : ", from which ", out->f);
	show_callback(out, item(callbacks, 0));
	fputs(none ? " put it in none" : " did not take it", out->f);
}

static void error_blame(const struct term *out, struct json_object *blame)
{
	struct json_object *callbacks = rec_get_arr(blame, "callbacks");
	size_t i;

	for (i = 0; i < length(callbacks); i++) {
		fputs(i ? " or " : ", in ", out->f);
		show_callback(out, item(callbacks, i));
	}
}

void culprit_write(const struct term *out, struct json_object *snapshot, struct json_object *exit,
		   const struct words *w)
{
	struct json_object *blame = rec_get_obj(exit, "blame");

	if (strcmp(w->kind, STALL))
		error_blame(out, blame);
	else if (blame)
		stall_blame(out, blame);
	else
		stall_seen(out, snapshot, w->msg);
}

static bool is_idle(struct json_object *cpu)
{
	return rec_get_int(rec_get_obj(cpu, "curr"), "pid", 0) == 0;
}

void culprit_of_guest(const struct term *out, struct json_object *snapshot)
{
	struct json_object *cpus = rec_get_arr(snapshot, "cpus"), *stack;
	unsigned int said = 0;
	size_t i;

	for (i = 0; i < length(cpus) && said < 4; i++) {
		stack = rec_get_arr(item(cpus, i), "stack");
		if (is_idle(item(cpus, i)))
			continue;
		fprintf(out->f, "%s cpu %lld ", said++ ? "," : ";",
			(long long)rec_get_int(item(cpus, i), "cpu", -1));
		show_task(out, rec_get_obj(item(cpus, i), "curr"));
		fputs(" in ", out->f);
		term_text(out, length(stack) ? text_at(stack, 0) : "user mode");
	}
}
