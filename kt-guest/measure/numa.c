// SPDX-License-Identifier: GPL-2.0-only
/* On which nodes the pages of a process are, and how many were migrated. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpulist.h"
#include "file.h"
#include "numa.h"

unsigned int numa_nodes(void)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist l;
	int node, last = 0;

	if (file_read_line("/sys/devices/system/node/online", text, sizeof(text)) < 0 ||
	    cpulist_parse(text, &l, NULL))
		return 1;
	for (node = cpulist_next(&l, -1); node >= 0; node = cpulist_next(&l, node))
		last = node;
	return (unsigned int)last + 1;
}

/*
 * One line of numa_maps is one mapping: "7f12.. default anon=3 dirty=3 N0=1 N1=2 ...". What
 * has a file behind it is shared with others, and so is what more than one process maps: it
 * was there before the worker was born.
 */
static void add_line(char *line, uint32_t pages[NUMA_NODES])
{
	unsigned int node, n;
	char *word, *save;

	if (!strstr(line, " anon=") || strstr(line, " file=") || strstr(line, " mapmax="))
		return;
	for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (sscanf(word, "N%u=%u", &node, &n) == 2 && node < NUMA_NODES)
			pages[node] += n;
}

int numa_pages(pid_t pid, uint32_t pages[NUMA_NODES])
{
	char path[48], *line = NULL;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	memset(pages, 0, NUMA_NODES * sizeof(*pages));
	while (getline(&line, &cap, f) > 0)
		add_line(line, pages);
	free(line);
	fclose(f);
	return 0;
}

int64_t numa_migrated(pid_t tid)
{
	char path[48], line[128];
	int64_t found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/sched", (int)tid);
	f = fopen(path, "re");
	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "numa_pages_migrated", 19) == 0)
			found = atoll(strchrnul(line, ':') + (strchr(line, ':') != NULL));
	if (f)
		fclose(f);
	return found;
}
