// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: wakes start|tell COMM...
 * A payload that says what a trace says of wake-up latencies, so that what workers measure can be
 * compared with it. `start` traces sched_wakeup and sched_switch of the named tasks; `tell` ends
 * that, and writes {"COMM": {"count":, "mean_ns":, "p99_ns":, "max_ns":}, ...}.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
#define TASKS   64
#define WAKES   65536

static struct task {
	int pid;
	double woken; /* 0: it is not known that it waits for its first CPU after a wake-up */
} task[TASKS];

static struct comm {
	const char *name;
	uint32_t n;
	uint64_t ns[WAKES];
} comm[8];

static void put(const char *file, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static struct task *task_of(int pid)
{
	int i;

	for (i = 0; i < TASKS - 1 && task[i].pid && task[i].pid != pid; i++)
		;
	task[i].pid = pid;
	return &task[i];
}

static struct comm *comm_of(const char *name, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (strcmp(comm[i].name, name) == 0)
			return &comm[i];
	return NULL;
}

static void line(const char *text, int comms)
{
	const char *at = strstr(text, "] "), *p;
	char name[32], state[16];
	struct task *t;
	struct comm *c;
	double now;
	int pid;

	if (!at || sscanf(at + 2, "%*s %lf:", &now) != 1)
		return;
	p = strstr(at, "sched_wakeup: comm=");
	if (p && sscanf(p, "sched_wakeup: comm=%31s pid=%d", name, &pid) == 2) {
		task_of(pid)->woken = now;
		return;
	}
	p = strstr(at, "prev_pid=");
	if (!p)
		return;
	/* who is preempted had run: its next wait is none for a wake-up */
	if (sscanf(p, "prev_pid=%d prev_prio=%*d prev_state=%15s", &pid, state) == 2)
		task_of(pid)->woken = 0;
	p = strstr(p, "next_comm=");
	if (!p || sscanf(p, "next_comm=%31s next_pid=%d", name, &pid) != 2)
		return;
	t = task_of(pid);
	c = comm_of(name, comms);
	if (t->woken > 0 && c && c->n < WAKES)
		c->ns[c->n++] = (uint64_t)((now - t->woken) * 1e9);
	t->woken = 0;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void tell(struct comm *c, const char *before)
{
	double sum = 0;
	uint32_t i;

	qsort(c->ns, c->n, sizeof(c->ns[0]), by_value);
	for (i = 0; i < c->n; i++)
		sum += (double)c->ns[i];
	printf("%s\"%s\": {\"count\": %u, \"mean_ns\": %.0f, \"p99_ns\": %llu, \"max_ns\": %llu}",
	       before, c->name, c->n, c->n ? sum / c->n : 0,
	       (unsigned long long)(c->n ? c->ns[(c->n * 99ULL + 99) / 100 - 1] : 0),
	       (unsigned long long)(c->n ? c->ns[c->n - 1] : 0));
}

static void start(int n, char **name)
{
	char wake[512] = "", swap[1024] = "";
	int i;

	for (i = 0; i < n; i++) {
		snprintf(wake + strlen(wake), sizeof(wake) - strlen(wake), "%scomm == \"%s\"",
			 i ? " || " : "", name[i]);
		snprintf(swap + strlen(swap), sizeof(swap) - strlen(swap),
			 "%sprev_comm == \"%s\" || next_comm == \"%s\"", i ? " || " : "", name[i],
			 name[i]);
	}
	put("tracing_on", "0");
	put("trace_clock", "mono");
	put("buffer_size_kb", "8192");
	put("events/sched/sched_wakeup/filter", wake);
	put("events/sched/sched_switch/filter", swap);
	put("events/sched/sched_migrate_task/enable", "0");
	put("events/sched/sched_wakeup/enable", "1");
	put("events/sched/sched_switch/enable", "1");
	put("trace", "");
	put("tracing_on", "1");
}

int main(int argc, char **argv)
{
	int i, comms = argc - 2;
	char text[1024];
	FILE *f;

	if (argc < 3 || comms > 8)
		return 64;
	if (strcmp(argv[1], "start") == 0) {
		start(comms, argv + 2);
		return 0;
	}
	put("tracing_on", "0");
	for (i = 0; i < comms; i++)
		comm[i].name = argv[i + 2];
	f = fopen(TRACING "trace", "r");
	while (f && fgets(text, sizeof(text), f))
		line(text, comms);
	for (i = 0; i < comms; i++)
		tell(&comm[i], i ? ", " : "{");
	puts("}");
	return 0;
}
