// SPDX-License-Identifier: GPL-2.0-only
/* Pins the two workers of a pair to the threads of one core. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "measure/file.h"
#include "siblings.h"

/* The first two CPUs of this CPU's core that are allowed; false: not both, or it is not the first.
 */
static bool pair_of(unsigned int cpu, const cpu_set_t *allowed, unsigned int pair[2])
{
	char path[96], text[CPULIST_TEXT_MAX];
	struct cpulist core;
	unsigned int c, n = 0;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list",
		 cpu);
	if (file_read_line(path, text, sizeof(text)) <= 0 || cpulist_parse(text, &core, NULL))
		return false;
	for (c = 0; c < CPU_SETSIZE && n < 2; c++)
		if (cpulist_has(&core, c) && CPU_ISSET(c, allowed))
			pair[n++] = c;
	return n == 2 && pair[0] == cpu;
}

void siblings_pin(struct work *w)
{
	unsigned int cpu, n = 0, want, pair[2], found[CPU_SETSIZE / 2][2];
	cpu_set_t set;
	char text[TM_NAME];

	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && n < CPU_SETSIZE / 2; cpu++)
		if (CPU_ISSET(cpu, &set) && pair_of(cpu, &set, pair))
			memcpy(found[n++], pair, sizeof(pair));
	if (!n) {
		telemetry_medium(w->tm, "no sibling threads");
		return;
	}
	want = w->index / 2 % n;
	CPU_ZERO(&set);
	CPU_SET(found[want][w->member], &set);
	sched_setaffinity(0, sizeof(set), &set);
	snprintf(text, sizeof(text), "siblings %u,%u", found[want][0], found[want][1]);
	telemetry_medium(w->tm, text);
}
