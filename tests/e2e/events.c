// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own word on what workers do: a Custom worker that counts events in the workers
 * of other cgroups of its step, from the start to its SIGTERM, and prints the sums.
 *
 * usage: events LABEL=CGROUP:SUBSYSTEM:EVENT[?FILTER]...
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTS "/sys/kernel/tracing/events"

struct count {
	char label[64], cgroup[64], subsystem[64], event[64], filter[128];
	int fd[64];
	int n;
};

static void parse(const char *arg, struct count *c)
{
	if (sscanf(arg, "%63[^=]=%63[^:]:%63[^:]:%63[^?]?%127[^\n]", c->label, c->cgroup,
		   c->subsystem, c->event, c->filter) < 4)
		errx(64, "%s: expected LABEL=CGROUP:SUBSYSTEM:EVENT[?FILTER]", arg);
}

static unsigned long long event_id(const struct count *c)
{
	char path[256];
	unsigned long long id;
	FILE *f;

	snprintf(path, sizeof(path), EVENTS "/%s/%s/id", c->subsystem, c->event);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &id) != 1)
		err(71, "%s", path);
	fclose(f);
	return id;
}

static void open_for(struct count *c, unsigned long long id, pid_t pid)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(a), .config = id, .disabled = 1
	}; /* until it has its filter */
	int fd = (int)syscall(SYS_perf_event_open, &a, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 && errno == ESRCH)
		return; /* a child of a worker, and gone */
	if (fd < 0)
		err(71, "%s: unable to count %s of %d", c->label, c->event, pid);
	if (c->filter[0] && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, c->filter))
		err(71, "%s: filter %s", c->label, c->filter);
	if (ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		err(71, "%s: unable to start counting", c->label);
	if (c->n == 64)
		errx(65, "%s: more than 64 workers", c->label);
	c->fd[c->n++] = fd;
}

/* The workers of its cgroup, also where one of them may have moved itself to. */
static void look(struct count *c, unsigned long long id, const char *dir)
{
	char path[512];
	glob_t g;
	FILE *f;
	size_t i;
	int pid;

	snprintf(path, sizeof(path), "%s/../%s{,.churn*}/cgroup.procs", dir, c->cgroup);
	if (glob(path, GLOB_BRACE, NULL, &g))
		errx(65, "%s: no cgroup %s", c->label, c->cgroup);
	for (i = 0; i < g.gl_pathc; i++) {
		f = fopen(g.gl_pathv[i], "r");
		while (f && fscanf(f, "%d", &pid) == 1)
			open_for(c, id, pid);
		if (f)
			fclose(f);
	}
	globfree(&g);
}

/* A list of processes that come and go while it is read can miss one. */
static void start(struct count *c, const char *dir)
{
	unsigned long long id = event_id(c);
	int i;

	for (i = 0; i < 100 && !c->n; i++) {
		if (i)
			usleep(5000);
		look(c, id, dir);
	}
	if (!c->n)
		errx(65, "%s: nobody in %s", c->label, c->cgroup);
}

static unsigned long long sum(const struct count *c)
{
	unsigned long long v, all = 0;
	int i;

	for (i = 0; i < c->n; i++)
		if (read(c->fd[i], &v, sizeof(v)) == sizeof(v))
			all += v;
	return all;
}

int main(int argc, char **argv)
{
	struct count *c = calloc((size_t)argc, sizeof(*c));
	const char *dir = getenv("KT_CGROUP");
	sigset_t term;
	const struct sched_param first = { .sched_priority = 1 };
	int i, sig;

	sched_setscheduler(0, SCHED_FIFO, &first); /* it shall see them from the start */
	if (!c || !dir || argc < 2)
		errx(64, "expected KT_CGROUP and events");
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (i = 0; i < argc - 1; i++) {
		parse(argv[i + 1], &c[i]);
		start(&c[i], dir);
	}
	sigwait(&term, &sig);
	for (i = 0; i < argc - 1; i++)
		printf("{\"%s\": %llu}\n", c[i].label, sum(&c[i]));
	return 0;
}
