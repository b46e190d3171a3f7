// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own word on what workers do: a Custom worker of the backdrop that counts events
 * in the workers of the steps' cgroups and prints the sums when it is told to stop. The first
 * use of an event changes the kernel's code, which takes its time: it is done before the steps.
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
#include <time.h>
#include <unistd.h>

#define EVENTS "/sys/kernel/tracing/events"

#define WORKERS 64
#define LOOKS   5 /* all of them are there by then; children that come later are not */
#define TICK_NS 20000000

struct count {
	char label[64], cgroup[64], subsystem[64], event[64], filter[128];
	unsigned long long id;
	int fd[WORKERS];
	pid_t pid[WORKERS];
	int n, looks; /* since its workers came */
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

static int open_for(const struct count *c, pid_t pid)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(a), .config = c->id, .disabled = 1
	}; /* until it has its filter */
	int fd = (int)syscall(SYS_perf_event_open, &a, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 && errno == ESRCH)
		return -1; /* a child of a worker, and gone */
	if (fd < 0)
		err(71, "%s: unable to count %s of %d", c->label, c->event, pid);
	if (c->filter[0] && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, c->filter))
		err(71, "%s: filter %s", c->label, c->filter);
	if (pid && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		err(71, "%s: unable to start counting", c->label);
	return fd;
}

static void add(struct count *c, pid_t pid)
{
	int i, fd;

	for (i = 0; i < c->n; i++)
		if (c->pid[i] == pid)
			return;
	fd = c->n < WORKERS ? open_for(c, pid) : -1;
	if (fd < 0)
		return;
	c->pid[c->n] = pid;
	c->fd[c->n++] = fd;
}

/* The workers of its cgroup, also where one of them may have moved itself to. */
static void look(struct count *c, const char *dir)
{
	char path[512];
	glob_t g;
	FILE *f;
	size_t i;
	int pid;

	if (c->looks == LOOKS)
		return;
	snprintf(path, sizeof(path), "%s/../%s{,.churn*}/cgroup.procs", dir, c->cgroup);
	if (glob(path, GLOB_BRACE, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++) {
		f = fopen(g.gl_pathv[i], "r");
		while (f && fscanf(f, "%d", &pid) == 1)
			add(c, pid);
		if (f)
			fclose(f);
	}
	globfree(&g);
	c->looks += c->n > 0;
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
	const struct sched_param first = { .sched_priority = 1 };
	const struct timespec tick = { .tv_nsec = TICK_NS };
	struct count *c = calloc((size_t)argc, sizeof(*c));
	const char *dir = getenv("KT_CGROUP");
	sigset_t term;
	int i;

	sched_setscheduler(0, SCHED_FIFO, &first); /* it shall see them from the start */
	if (!c || !dir || argc < 2)
		errx(64, "expected KT_CGROUP and events");
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	for (i = 0; i < argc - 1; i++) {
		parse(argv[i + 1], &c[i]);
		c[i].id = event_id(&c[i]);
		open_for(&c[i], 0);
	}
	do
		for (i = 0; i < argc - 1; i++)
			look(&c[i], dir);
	while (sigtimedwait(&term, NULL, &tick) < 0);
	for (i = 0; i < argc - 1; i++) {
		if (!c[i].n)
			errx(65, "%s: nobody was in %s", c[i].label, c[i].cgroup);
		printf("{\"%s\": %llu}\n", c[i].label, sum(&c[i]));
	}
	return 0;
}
