// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "bpf.h"
#include "bpf_prog.h"
#include "caller.h"
#include "record.h"
#include "scx_dump.h"

#define STALL       "SCX_EXIT_ERROR_STALL"
#define OP_MAX      32           /* letters of a callback's name */
#define DSQ_BUILTIN (1ULL << 63) /* enum scx_dsq_id_flags */

static struct json_object *new_blame(const char *evidence)
{
	struct json_object *b = json_object_new_object();

	rec_str(b, "evidence", evidence);
	rec_add(b, "callbacks", json_object_new_array());
	return b;
}

static void add_callback(struct json_object *blame, const char *op, const char *program)
{
	struct json_object *c = json_object_new_object();

	if (op)
		rec_str(c, "op", op);
	if (program)
		rec_str(c, "program", program);
	else
		rec_bool(c, "missing", true);
	json_object_array_add(rec_get_arr(blame, "callbacks"), c);
}

static void add_op(const struct kview *kv, struct json_object *blame, const char *op)
{
	struct kbpf_prog p;

	add_callback(blame, op, kbpf_prog_of(kv, op, &p) ? p.name : NULL);
}

/* ---- program ------------------------------------------------------------------------ */

/* The innermost program has called the kernel; a frame outside tells for which callback. */
static struct json_object *by_program(struct kview *kv, const uint64_t *pc, size_t n)
{
	struct json_object *blame;
	struct kbpf_prog p, outer;
	size_t i;

	for (i = 0; i < n && !kbpf_prog_at(kv, pc[i], &p); i++)
		;
	if (i == n)
		return NULL;
	/* a function of the program has frames and a name of its own */
	for (outer = p; !outer.op && ++i < n && kbpf_prog_at(kv, pc[i], &outer);)
		;
	blame = new_blame("program");
	add_callback(blame, outer.op, outer.op ? outer.name : p.name);
	return blame;
}

/* ---- message ------------------------------------------------------------------------ */

static struct json_object *by_message(struct kview *kv, const char *msg)
{
	const char *at = strstr(msg, "ops.");
	struct json_object *blame;
	char op[OP_MAX];
	size_t n = 0;

	if (!at)
		return NULL;
	at += strlen("ops.");
	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	if (!n || n >= sizeof(op))
		return NULL;
	snprintf(op, sizeof(op), "%.*s", (int)n, at);
	blame = new_blame("message");
	add_op(kv, blame, op);
	return blame;
}

/* ---- path --------------------------------------------------------------------------- */

static struct json_object *by_path(struct kview *kv, struct json_object *frames)
{
	struct json_object *blame = NULL;
	struct kbpf_prog p;
	const char *ops[2];
	size_t i, n = frames ? kcaller_find(frames, ops) : 0;

	for (i = 0; i < n; i++) {
		if (!kbpf_prog_of(kv, ops[i], &p))
			continue;
		if (!blame)
			blame = new_blame("path");
		add_callback(blame, ops[i], p.name);
	}
	return blame;
}

/* ---- queue -------------------------------------------------------------------------- */

/* The pid in "left[63] failed to run for 2.080s", or -1. */
static int64_t stalled_pid(const char *msg)
{
	const char *at = strstr(msg, "] failed to run for");

	while (at && at > msg && *at != '[')
		at--;
	return at && *at == '[' ? strtoll(at + 1, NULL, 10) : -1;
}

static void name_dsq(const char *dsq, char *buf, size_t size)
{
	static const char *const builtin[] = { NULL, "global", "local" };
	unsigned long long id = strtoull(dsq, NULL, 16);

	if (*dsq != '0')
		snprintf(buf, size, "none");
	else if (id & DSQ_BUILTIN && (id == (DSQ_BUILTIN | 1) || id == (DSQ_BUILTIN | 2)))
		snprintf(buf, size, "%s", builtin[id & 3]);
	else
		snprintf(buf, size, "%llu", id);
}

static struct json_object *by_queue(struct kview *kv, const char *msg, const char *dump)
{
	struct json_object *blame, *task;
	struct kdump_task w;
	char dsq[24];

	if (!kdump_find(dump, stalled_pid(msg), &w))
		return NULL;
	name_dsq(w.dsq, dsq, sizeof(dsq));
	blame = new_blame("queue");
	/* what is in a local queue was dispatched: it waits for the task that runs there */
	if (strcmp(dsq, "local"))
		add_op(kv, blame, strcmp(dsq, "none") ? "dispatch" : "enqueue");
	task = json_object_new_object();
	rec_int(task, "pid", w.pid);
	rec_str(task, "comm", w.comm);
	rec_int(task, "waited_ms", w.waited_ms);
	rec_add(blame, "task", task);
	rec_str(blame, "dsq", dsq);
	rec_int(blame, "cpu", w.cpu);
	return blame;
}

struct json_object *kblame(struct kview *kv, struct json_object *exit, const uint64_t *pc, size_t n)
{
	struct json_object *blame, *frames = rec_get_arr(exit, "backtrace");
	const char *msg = rec_get_str(exit, "msg", "");
	size_t inner;

	if (strcmp(rec_get_str(exit, "kind", ""), STALL) == 0)
		return by_queue(kv, msg, rec_get_str(exit, "dump", ""));
	inner = frames ? kcaller_context(frames) : 0;
	blame = by_program(kv, pc, n < inner ? n : inner);
	if (!blame)
		blame = by_message(kv, msg);
	if (!blame)
		blame = by_path(kv, frames);
	return blame;
}
