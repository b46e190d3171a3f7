// SPDX-License-Identifier: GPL-2.0-only
/* Who was at it when a scheduler failed: the callback in the stack, the task in its queue. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bugtask.h"
#include "record.h"

#define PROG      "bpf_prog_"
#define TAG_LEN   16 /* hexadecimal digits of a program's tag, in its name */
#define STALL     "SCX_EXIT_ERROR_STALL"
#define NAME_SIZE 64

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

/* "bpf_prog_318087f36f22dd31_kt_enqueue+0xa2": kt_enqueue */
static bool prog_name(const char *frame, char name[NAME_SIZE])
{
	const char *at = frame + strlen(PROG) + TAG_LEN + 1;

	if (strncmp(frame, PROG, strlen(PROG)) != 0 || strlen(frame) < (size_t)(at - frame) ||
	    strspn(frame + strlen(PROG), "0123456789abcdef") < TAG_LEN || at[-1] != '_')
		return false;
	snprintf(name, NAME_SIZE, "%.*s", (int)strcspn(at, "+"), at);
	return name[0];
}

/* The innermost BPF program of a stack. */
static bool find_prog(struct json_object *stack, char name[NAME_SIZE])
{
	size_t i;

	for (i = 0; i < length(stack); i++)
		if (prog_name(text_at(stack, i), name))
			return true;
	return false;
}

/* What the kernel was asking the scheduler for, by its own function in the stack. */
static const char *find_op(struct json_object *stack)
{
	static const struct {
		const char *function, *op;
	} ops[] = {
		{ "bpf__sched_ext_ops_", NULL }, /* and its name */
		{ "do_enqueue_task", "enqueue" },     { "select_task_rq_scx", "select_cpu" },
		{ "balance_one", "dispatch" },        { "balance_scx", "dispatch" },
		{ "scx_ops_init_task", "init_task" }, { "__scx_init_task", "init_task" },
		{ "scx_ops_enable_task", "enable" },  { "scx_cgroup_init", "cgroup_init" },
		{ "ops_cpu_", "cpu_online" },
	};
	static char name[NAME_SIZE];
	const char *frame;
	size_t i, k, n;

	for (i = 0; i < length(stack); i++) {
		frame = text_at(stack, i);
		for (k = 0; k < sizeof(ops) / sizeof(ops[0]); k++) {
			n = strlen(ops[k].function);
			if (strncmp(frame, ops[k].function, n) != 0)
				continue;
			if (ops[k].op)
				return ops[k].op;
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(frame + n, "+"),
				 frame + n);
			return name;
		}
	}
	return NULL;
}

/* "ops.init_task() failed ...": the kernel's message names it. */
static const char *op_in(const char *msg, char name[NAME_SIZE])
{
	const char *at = strstr(msg, "ops.");
	size_t n = 0;

	if (!at)
		return NULL;
	at += strlen("ops.");
	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	snprintf(name, NAME_SIZE, "%.*s", (int)n, at);
	return n ? name : NULL;
}

/* The program of a snapshot that does what the kernel calls `op`: kt_enqueue for enqueue. */
static const char *prog_for(struct json_object *snapshot, const char *op)
{
	struct json_object *progs = rec_get_arr(snapshot, "progs");
	const char *name;
	size_t i, n, len = strlen(op);

	for (i = 0; i < length(progs); i++) {
		name = rec_get_str(item(progs, i), "name", "");
		n = strlen(name);
		if (n > len && name[n - len - 1] == '_' && strcmp(name + n - len, op) == 0)
			return name;
	}
	return NULL;
}

/* Who a task is to people: "left[63]". */
static void show_task(const struct show *out, struct json_object *t)
{
	show_text(out, rec_get_str(t, "comm", "?"));
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
static void show_dsq(const struct show *out, struct json_object *dsq)
{
	fprintf(out->f, "DSQ %lld", (long long)rec_get_int(dsq, "id", -1));
}

/* Where the task is, and so whose turn it would have been. */
static void show_place(const struct show *out, struct json_object *snapshot, int64_t pid)
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
			show_text(out, prog);
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
		show_text(out, prog);
		fputs(" put it in none", out->f);
	}
}

static void blame_stall(const struct show *out, struct json_object *snapshot, const char *msg)
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
	show_place(out, snapshot, rec_get_int(task, "pid", -1));
}

void bugtask_blame(const struct show *out, struct json_object *snapshot, struct json_object *exit,
		   const struct words *w)
{
	struct json_object *backtrace = rec_get_arr(exit, "backtrace");
	char name[NAME_SIZE], named[NAME_SIZE];
	const char *op = op_in(w->msg, named), *prog = NULL;

	if (strcmp(w->kind, STALL) == 0) {
		blame_stall(out, snapshot, w->msg);
		return;
	}
	if (find_prog(backtrace, name))
		prog = name;
	if (!op || prog)
		op = find_op(backtrace);
	if (op && !prog)
		prog = prog_for(snapshot, op);
	if (!op && !prog)
		return;
	fputs(", in ", out->f);
	show_text(out, prog ? prog : "ops.");
	if (op)
		fputs(prog ? " (ops." : "", out->f);
	show_text(out, op);
	fputs(prog && op ? ")" : "", out->f);
}

static bool is_idle(struct json_object *cpu)
{
	return rec_get_int(rec_get_obj(cpu, "curr"), "pid", 0) == 0;
}

void bugtask_where(const struct show *out, struct json_object *snapshot)
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
		show_text(out, length(stack) ? text_at(stack, 0) : "user mode");
	}
}
