// SPDX-License-Identifier: GPL-2.0-only
/* Measures workers that cannot measure themselves, from a process beside them. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure/observer.h"
#include "onlooker.h"

#define PRIORITY 49 /* below the guest's own, above all workers */

struct watched {
	struct telemetry *tm;
	int stat, schedstat;
	unsigned long long run, wait, slices;
	uint64_t since; /* it has not run since then */
};

static int open_proc(pid_t pid, const char *name)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool read_again(int fd, char *buf, size_t size)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Its state and CPU, from the 3rd and the 39th field: the 2nd may have any characters. */
static bool read_stat(const struct watched *w, char *state, int *cpu)
{
	char buf[1024], *p;
	int field;

	if (!read_again(w->stat, buf, sizeof(buf)))
		return false;
	p = strrchr(buf, ')');
	if (!p || p[1] != ' ')
		return false;
	*state = p[2];
	for (field = 2; p && field < 39; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return false;
	*cpu = atoi(p + 1);
	return true;
}

static void look(struct watched *w, uint64_t now)
{
	struct telemetry *t = w->tm;
	unsigned long long run, wait, slices;
	char buf[96], state;
	int cpu;

	if (!read_stat(w, &state, &cpu) || !read_again(w->schedstat, buf, sizeof(buf)) ||
	    sscanf(buf, "%llu %llu %llu", &run, &wait, &slices) != 3)
		return;
	if (run != w->run && cpu >= 0)
		cpulist_add(&t->cpus, (unsigned int)cpu);
	if (slices > w->slices) {
		telemetry_delay(t, wait - w->wait, slices - w->slices, now, cpu);
		/* of several waits since the last look the longest is at least their mean */
		telemetry_gap(t, now - (wait - w->wait) / (slices - w->slices), now, cpu);
	}
	if (run != w->run || state != 'R')
		w->since = now;
	else
		telemetry_gap(t, w->since, now, cpu);
	w->run = run;
	w->wait = wait;
	w->slices = slices;
}

static _Noreturn void watch(const struct crew *c, uint64_t start_ns, pid_t parent)
{
	uint64_t used = 0;
	struct sched_param prio = { .sched_priority = PRIORITY };
	struct watched *w = calloc(c->started + 1, sizeof(*w));
	unsigned int i;

	closefrom(STDERR_FILENO + 1);
	observer_adopt(false);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "kt-watch");
	signal(SIGTERM, SIG_DFL);
	if (!w || getppid() != parent)
		_exit(1);
	sched_setscheduler(0, SCHED_FIFO, &prio);
	used = observer_cpu();
	for (i = 0; i < c->started; i++) {
		w[i].tm = c->w[i].tm;
		w[i].tm->start_ns = w[i].since = start_ns;
		w[i].stat = open_proc(c->w[i].tid, "stat");
		w[i].schedstat = open_proc(c->w[i].tid, "schedstat");
		w[i].run = c->w[i].sched0[0];
		w[i].wait = c->w[i].sched0[1];
		w[i].slices = c->w[i].sched0[2];
	}
	for (;;) {
		uint64_t cost = observer_cpu() - used, pause = observer_rest(cost, ONLOOKER_TICK);

		used += cost;
		observer_note();
		nanosleep(&(struct timespec){ .tv_sec = (time_t)(pause / NSEC_PER_SEC),
					      .tv_nsec = (long)(pause % NSEC_PER_SEC) },
			  NULL);
		for (i = 0; i < c->started; i++)
			look(&w[i], clock_ns());
	}
}

pid_t onlooker_start(const struct crew *c, uint64_t start_ns)
{
	pid_t parent = getpid(), pid;

	observer_share(true);
	pid = fork();
	if (pid == 0)
		watch(c, start_ns, parent);
	observer_share(false);
	return pid < 0 ? 0 : pid;
}

void onlooker_stop(pid_t *pid)
{
	if (!*pid)
		return;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}
