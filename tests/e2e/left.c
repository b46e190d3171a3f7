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

static int first_line(const char *pid, const char *name, char line[64])
{
	char path[300];
	FILE *f;
	int ok;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	f = fopen(path, "r");
	ok = f && fgets(line, 64, f);
	if (f)
		fclose(f);
	return ok;
}

/* Those of the kernel have no command line, those of the runner and the observer their names. */
static int processes(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char line[64];
	int n = 0, pid;

	while (d && (e = readdir(d))) {
		pid = atoi(e->d_name);
		if (pid <= 1 || pid == getpid() || !first_line(e->d_name, "cmdline", line) ||
		    !first_line(e->d_name, "comm", line))
			continue;
		if (strncmp(line, "kt-", 3) == 0 || strcmp(line, "events\n") == 0)
			continue;
		fprintf(stderr, "process %d: %s", pid, line);
		n++;
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
