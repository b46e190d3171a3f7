// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel prints only when something is broken, and what of it is allowed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "klog.h"
#include "record.h"
#include "units.h"

/* `back`: it tells of so many seconds without progress, which the host may have made. */
static const struct {
	const char *text;
	int back;
} complaints[] = {
	{ "soft lockup", 30 },
	{ "hard LOCKUP", 30 },
	{ "detected stall", 60 },
	{ "self-detected stall", 60 },
	{ "detected expedited stalls", 60 },
	{ "kthread starved for", 60 },
	{ "blocked for more than", 240 },
	{ "BUG: ", 0 },
	{ "kernel BUG at", 0 },
	{ "WARNING: ", 0 },
	{ "Oops: ", 0 },
	{ "general protection fault", 0 },
	{ "Unable to handle kernel", 0 },
	{ "unable to handle page fault", 0 },
	{ "KASAN: ", 0 },
	{ "KCSAN: ", 0 },
	{ "UBSAN: ", 0 },
	{ "scheduling while atomic", 0 },
	{ "sleeping function called from invalid context", 0 },
	{ "possible circular locking dependency", 0 },
	{ "possible recursive locking", 0 },
	{ "possible irq lock inversion", 0 },
	{ "inconsistent lock state", 0 },
	{ "bad unlock balance", 0 },
	{ "suspicious RCU usage", 0 },
	{ "list_add corruption", 0 },
	{ "list_del corruption", 0 },
	{ "refcount_t: ", 0 },
	{ "invalid opcode: ", 0 },
	{ "double fault", 0 },
	{ "unchecked MSR access error", 0 },
};

#define COMPLAINTS (ARRAY_SIZE(complaints))

/* What kernels are known to print though nothing is broken. */
static const struct {
	const char *text, *reason;
} harmless[] = {
	{ "Spectre V2 : WARNING: Unprivileged eBPF is enabled",
	  "it tells of a setting that is of no account in a guest of a test" },
	/* underflow of running_bw in kernel/sched/deadline.c, __sub_running_bw() */
	{ " task_non_contending+",
	  "6.12 loses the bandwidth of fair's deadline server when a CPU goes offline" },
	{ " inactive_task_timer+",
	  "6.12 loses the bandwidth of fair's deadline server when a CPU goes offline" },
	{ "WARNING: Unprivileged eBPF is enabled",
	  "it tells of a setting that is of no account in a guest of a test" },
};

static bool is_in(const char *needle, const char *line, size_t len)
{
	return memmem(line, len, needle, strlen(needle)) != NULL;
}

bool klog_wants(const struct klog *k, const char *line, size_t len)
{
	size_t i;

	if (k->wants_next || !k->seen)
		return true;
	for (i = 0; i < COMPLAINTS; i++)
		if (is_in(complaints[i].text, line, len))
			return true;
	return false;
}

/* Why the line is no complaint, or NULL. */
static const char *allowed(struct klog *k, const char *text)
{
	size_t i, n = k->allow ? json_object_array_length(k->allow) : 0;
	struct json_object *o;
	const char *part;

	for (i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strstr(text, harmless[i].text))
			return harmless[i].reason;
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(k->allow, i);
		part = rec_get_str(o, "text", NULL);
		if (part && *part && strstr(text, part))
			return rec_get_str(o, "reason", "the test gives no reason");
	}
	return NULL;
}

/* Without the kernel's time stamp, "[    4.123456] ". */
static const char *without_stamp(const char *line)
{
	const char *end = line[0] == '[' ? strstr(line, "] ") : NULL;

	return end ? end + 2 : line;
}

void klog_line(struct klog *k, const char *text, int64_t t_ns)
{
	struct klog_line *l;
	const char *reason;
	size_t i = 0;

	k->seen = true;
	text = without_stamp(text);
	if (k->wants_next)
		snprintf(k->l[k->n - 1].next, KLOG_TEXT, "%s", text);
	k->wants_next = false;
	while (i < COMPLAINTS && !strstr(text, complaints[i].text))
		i++;
	if (i == COMPLAINTS)
		return;
	reason = allowed(k, text);
	if (reason) {
		snprintf(k->reason_text, KLOG_TEXT, "%s", reason);
		k->allowed++;
		return;
	}
	if (k->n < KLOG_KEPT) {
		l = &k->l[k->n];
		snprintf(l->text, KLOG_TEXT, "%s", text);
		l->t_ns = t_ns;
		l->back_ns = complaints[i].back * (int64_t)NSEC_PER_SEC;
		k->wants_next = true;
	}
	k->n++;
}

void klog_free(struct klog *k)
{
	json_object_put(k->allow);
}
