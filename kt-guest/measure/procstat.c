// SPDX-License-Identifier: GPL-2.0-only
/* Reads what the kernel counts of one thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "procstat.h"
#include "units.h"

const char *const procstat_keys[PROC_COUNTS] = {
	[PROC_VOLUNTARY] = "voluntary_ctxt_switches",
	[PROC_NONVOLUNTARY] = "nonvoluntary_ctxt_switches",
	[PROC_MINOR_FAULTS] = "minor_faults",
	[PROC_MAJOR_FAULTS] = "major_faults",
	[PROC_CHILD_MINOR_FAULTS] = "child_minor_faults",
	[PROC_UTIME_NS] = "utime_ns",
	[PROC_STIME_NS] = "stime_ns",
	[PROC_MIGRATIONS] = "migrations",
};

static bool read_one(pid_t tid, const char *name, char *buf, size_t len)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)tid, (int)tid, name);
	return file_read(path, buf, len) > 0;
}

/* The number behind the first line that begins with key, or dflt. */
static int64_t number_at(const char *text, const char *key, int64_t dflt)
{
	const char *p = text - 1;

	do {
		p++;
		if (strncmp(p, key, strlen(key)) == 0) {
			p += strlen(key);
			return strtoll(p + strspn(p, " \t:"), NULL, 10);
		}
	} while ((p = strchr(p, '\n')));
	return dflt;
}

/* proc_pid_stat(5): the fields behind the name, which may have spaces and brackets in it. */
static bool parse_stat(char *text, struct procstat *p)
{
	enum { MINFLT = 10, CMINFLT, MAJFLT, CMAJFLT, UTIME, STIME, NICE = 19, POLICY = 41 };
	int64_t v[POLICY + 1] = { 0 }, tick = (int64_t)NSEC_PER_SEC / sysconf(_SC_CLK_TCK);
	char *s = strrchr(text, ')'), *save = NULL;
	int i;

	s = s ? strtok_r(s + 1, " ", &save) : NULL;
	for (i = 3; s && i <= POLICY; i++, s = strtok_r(NULL, " ", &save))
		v[i] = strtoll(s, NULL, 10);
	p->count[PROC_MINOR_FAULTS] = v[MINFLT];
	p->count[PROC_MAJOR_FAULTS] = v[MAJFLT];
	p->count[PROC_CHILD_MINOR_FAULTS] = v[CMINFLT];
	p->count[PROC_UTIME_NS] = v[UTIME] * tick;
	p->count[PROC_STIME_NS] = v[STIME] * tick;
	p->nice = (int)v[NICE];
	p->policy = (int)v[POLICY];
	return i > POLICY;
}

void procstat_read(pid_t tid, struct procstat *p)
{
	char buf[8192];

	memset(p, 0, sizeof(*p));
	if (!read_one(tid, "stat", buf, sizeof(buf)) || !parse_stat(buf, p) ||
	    !read_one(tid, "status", buf, sizeof(buf)))
		return;
	p->count[PROC_VOLUNTARY] = number_at(buf, "voluntary_ctxt_switches", -1);
	p->count[PROC_NONVOLUNTARY] = number_at(buf, "nonvoluntary_ctxt_switches", -1);
	p->threads = (int)number_at(buf, "Threads", 0);
	p->count[PROC_MIGRATIONS] = -1;
	if (read_one(tid, "sched", buf, sizeof(buf)))
		p->count[PROC_MIGRATIONS] = number_at(buf, "se.nr_migrations", -1);
	p->known = p->count[PROC_VOLUNTARY] >= 0;
}
