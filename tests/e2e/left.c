// SPDX-License-Identifier: GPL-2.0-only
/* What workers left behind, as a Custom worker: sibling cgroups, network devices, processes. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Entries of a directory whose name contains `part`. */
static int entries(const char *dir, const char *part)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += strstr(e->d_name, part) != NULL;
	if (d)
		closedir(d);
	return d ? n : -1;
}

/* User processes but PID 1 and this one: those of the kernel have no command line. */
static int processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[300], c;
	FILE *f;
	int n = 0, pid;

	while (d && (e = readdir(d))) {
		pid = atoi(e->d_name);
		if (pid <= 1 || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", e->d_name);
		f = fopen(path, "r");
		n += f && fread(&c, 1, 1, f) == 1;
		if (f)
			fclose(f);
	}
	return n;
}

int main(void)
{
	char dir[400];

	snprintf(dir, sizeof(dir), "%s/..", getenv("KT_CGROUP"));
	printf("{\"cgroups\": %d, \"devices\": %d, \"processes\": %d}\n", entries(dir, ".churn"),
	       entries("/sys/class/net", "kt"), processes());
	fflush(stdout);
	pause();
	return 0;
}
