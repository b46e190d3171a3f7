// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "scx_dump.h"

#define LINE_SIZE 256 /* what is longer is no line of the kernel's */

/* " *R comm[pid] -1234ms" */
static bool task_line(const char *line, struct kdump_task *w)
{
	const char *open = strrchr(line, '[');
	long long pid;
	long since;
	int end = 0;

	if (line[0] != ' ' || !line[1] || !line[2] || line[3] != ' ' || !open || open < line + 4 ||
	    sscanf(open, "[%lld] %ldms%n", &pid, &since, &end) != 2 || !end)
		return false;
	w->pid = pid;
	w->waited_ms = since < -LONG_MAX ? LONG_MAX : -since;
	snprintf(w->comm, sizeof(w->comm), "%.*s", (int)(open - line - 4), line + 4);
	w->dsq[0] = '\0';
	return true;
}

/* Takes the task if it is the one: that of the pid, or where there is none who waits longest. */
static void consider(const struct kdump_task *w, int64_t pid, struct kdump_task *best)
{
	if (w->dsq[0] && (pid >= 0 ? w->pid == pid : w->waited_ms > best->waited_ms))
		*best = *w;
}

bool kdump_find(const char *dump, int64_t pid, struct kdump_task *best)
{
	struct kdump_task w = { .pid = -1 };
	char line[LINE_SIZE];
	const char *dsq;
	size_t n;

	*best = w;
	for (; *dump; dump += n + (dump[n] == '\n')) {
		n = strcspn(dump, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)(n < sizeof(line) ? n : sizeof(line) - 1),
			 dump);
		if (sscanf(line, "CPU %d", &w.cpu) == 1 || task_line(line, &w))
			continue;
		dsq = w.pid >= 0 ? strstr(line, " dsq_id=") : NULL;
		if (!dsq)
			continue;
		sscanf(dsq, " dsq_id=%23s", w.dsq);
		consider(&w, pid, best);
		w.pid = -1;
	}
	return best->pid >= 0;
}
