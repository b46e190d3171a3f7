// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "quiet.h"
#include "units.h"
#include "watch.h"

#define LOOK_MS 100 /* between two looks at the tasks that run or could */
#define LOOKS   10  /* that a mean is made of: one of them alone says little */
#define SLACK   0.5 /* tasks that are no load: someone is always awake for a moment */

/* Tasks of this machine that run or are ready to, without this one, or -1. */
static int running(void)
{
	FILE *f = fopen("/proc/stat", "re");
	char line[4096];
	int n = 0, found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "procs_running %d", &n) == 1;
	if (f)
		fclose(f);
	return found && n > 0 ? n - 1 : -1;
}

/* Their mean over a second or so, or a negative number. */
static double mean(struct watch *w)
{
	double sum = 0;
	int i, n;

	for (i = 0; i < LOOKS && !w->signal; i++) {
		uint64_t until = clock_ns() + LOOK_MS * NSEC_PER_MSEC;

		n = running();
		if (n < 0)
			return -1;
		sum += n;
		while (!w->signal && clock_ns() < until)
			watch_wait(w, -1, LOOK_MS);
	}
	return i ? sum / i : 0;
}

void quiet_wait(struct watch *w, unsigned int cpus, uint64_t timeout_ns)
{
	long host = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t end = clock_ns() + timeout_ns;
	double need = cpus < host ? cpus : (double)host, tasks;
	char time[32];
	bool said = false;

	progress_stage(&w->progress, "wait");
	units_format_ns(time, timeout_ns);
	while (!w->signal) {
		tasks = mean(w);
		if (w->signal || (tasks >= 0 && (double)host - tasks >= need - SLACK))
			return;
		watch_flush(w);
		if (tasks < 0) {
			msg_warn("unable to tell how busy this machine is: no procs_running in "
				 "/proc/stat");
			return;
		}
		if (clock_ns() >= end) {
			msg_warn("still %.1f tasks on %ld CPUs after %s, of which the run needs "
				 "%.0f: going on",
				 tasks, host, time, need);
			return;
		}
		if (!said)
			msg_info("%.1f tasks on %ld CPUs, of which the run needs %.0f: waiting up "
				 "to %s",
				 tasks, host, need, time);
		said = true;
	}
}
