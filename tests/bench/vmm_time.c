// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: vmm_time PROGRAM [ARGUMENT...]
 * Runs a VMM whose standard output carries the records of its guest, passes that on, and
 * adds one record of its own: {"type":"bench","init_ns":N,"end_ns":N,"rss_kib":N,
 * "max_rss_kib":N,"guest_kib":N}. Times are since just before the fork; `init` is the first record
 * of PID 1. rss_kib is what the process has resident in that moment, without the guest's memory;
 * that is its largest mapping, guest_kib of it are resident. With an observer, the moment is that
 * of its first sample, when it has read the kernel's symbols and types; max_rss_kib is the most at
 * any sample.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Resident KiB in all, and of the largest mapping. */
static void resident(pid_t pid, long *all, long *largest)
{
	char path[64], line[512];
	unsigned long from, to;
	long size = 0, max = 0, kib;
	FILE *f;

	*all = *largest = 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			size = (long)(to - from);
		} else if (sscanf(line, "Rss: %ld kB", &kib) == 1) {
			*all += kib;
			if (size > max) {
				max = size;
				*largest = kib;
			}
		}
	}
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	long long start, init = 0;
	long all = 0, guest = 0, max = 0, sum, largest;
	int out[2], status;
	char *line = NULL;
	size_t cap = 0;
	FILE *in;
	pid_t pid;

	if (argc < 2 || pipe(out))
		return 64;
	start = now_ns();
	pid = fork();
	if (pid == 0) {
		dup2(out[1], 1);
		close(out[0]);
		close(out[1]);
		execv(argv[1], argv + 1);
		_exit(127);
	}
	close(out[1]);
	in = fdopen(out[0], "r");
	if (pid < 0 || !in)
		return 71;
	while (getline(&line, &cap, in) > 0) {
		if (!init && strstr(line, "\"event\":\"init\"")) {
			init = now_ns() - start;
			resident(pid, &all, &guest);
		}
		if (strstr(line, "\"type\":\"sample\"")) {
			resident(pid, &sum, &largest);
			if (!max) {
				all = sum;
				guest = largest;
			}
			max = sum - largest > max ? sum - largest : max;
		}
		fputs(line, stdout);
	}
	waitpid(pid, &status, 0);
	printf("{\"type\":\"bench\",\"init_ns\":%lld,\"end_ns\":%lld,\"rss_kib\":%ld,"
	       "\"max_rss_kib\":%ld,\"guest_kib\":%ld}\n",
	       init, now_ns() - start, all - guest, max, guest);
	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
