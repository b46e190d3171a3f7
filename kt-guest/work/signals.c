// SPDX-License-Identifier: GPL-2.0-only
/* Types that send signals to each other. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "work.h"

enum { SIGNALS, SPINS };

struct storm {
	struct {
		pid_t pid, tid;
	} member[2];
};

static size_t storm_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct storm);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* The handler stays: the partner may send its last signal when this worker is done. */
static int storm_init(struct work *w)
{
	struct storm *s = w->group->shared;
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (sigaction(SIGUSR2, &sa, NULL))
		return -errno;
	s->member[w->member].pid = getpid();
	s->member[w->member].tid = gettid();
	return 0;
}

static void signal_storm(struct work *w)
{
	struct storm *s = w->group->shared;
	int64_t i;

	for (i = 0; i < w->values[SIGNALS] && !work_stopped(w); i++) {
		if (syscall(SYS_tgkill, s->member[!w->member].pid, s->member[!w->member].tid,
			    SIGUSR2))
			work_failed(w, TM_OTHER);
		w->tm->work_units++;
		work_tick(w);
	}
	work_spin(w, (unsigned int)w->values[SPINS]);
}

const struct work_type work_family_signal[] = {
	{ .name = "SignalStorm",
	  .summary = "sends its partner a burst of signals (SIGUSR2), then spins",
	  .group = 2,
	  .params = { [SIGNALS] = WORK_PARAM_COUNT("signals", 16, 1, 1000000),
		      [SPINS] = WORK_PARAM_COUNT("work", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = storm_shared, .init = storm_init, .iterate = signal_storm } },
	{ .name = NULL },
};
