// SPDX-License-Identifier: GPL-2.0-only
/* A plan's run, in a guest or on this machine: its scheduler, then its scenario. */
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "measure/observer.h"
#include "run.h"
#include "scenario.h"
#include "scheduler.h"

void outrank_all(void)
{
	struct sched_param p = { .sched_priority = 50 };
	struct rlimit l;

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &p);
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

int run_plan(struct json_object *plan, const char *parent, struct rec_out *out, struct errbuf *e)
{
	static struct sched sched; /* its line buffer is too large for the stack */
	int rc;

	observer_init();
	sched_init(&sched, plan, out);
	rc = sched_start(&sched);
	if (!rc)
		rc = scenario_run(plan, parent, &sched, out, e);
	sched_stop(&sched);
	return rc;
}
