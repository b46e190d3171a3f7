/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_HOST_CGROUP_H
#define KT_GUEST_HOST_CGROUP_H

#include <limits.h>
#include <stdbool.h>

#include "errbuf.h"

/*
 * The cgroup of a run on a host: BASE/kt.NS-PID-START, after the process that runs it, so that
 * what is left of a run that was killed can be told from one that goes on. That process lives
 * in @self within it, and with it all that it starts outside of the test's own cgroups: one
 * write to cgroup.kill ends everything.
 *
 * BASE is the root for a privileged user. Else it is the own cgroup, if that was delegated; the
 * processes in it, which would be in the way, wait in kt.NS-PID-START.self meanwhile.
 */
struct host_cgroup {
	char base[PATH_MAX]; /* directory */
	char dir[PATH_MAX];  /* BASE/kt.NS-PID-START */
	char home[PATH_MAX]; /* where the own process came from */
	bool vacate;         /* BASE has processes, which must leave it */
};

/* Finds a place: 0, or an exit code with words in e. Changes nothing. */
int host_cgroup_find(struct host_cgroup *h, struct errbuf *e);
/* Has the base this controller? */
bool host_cgroup_has(const struct host_cgroup *h, const char *controller);
/*
 * Makes the cgroup, for these CPUs if it can bind processes to CPUs, and goes in. *parent is
 * where the test's own cgroups go, relative to the root of the hierarchy.
 */
int host_cgroup_enter(struct host_cgroup *h, const char *cpus, const char **parent,
		      struct errbuf *e);
/* Goes back and removes it. */
void host_cgroup_leave(struct host_cgroup *h);

/* Called with each cgroup of a run that is over and did not clean up, and what was done. */
typedef void host_clean_fn(void *arg, const char *path, int killed, int error);
/* Ends and removes what is left of such runs: how many there were. */
int host_cgroup_clean(host_clean_fn *fn, void *arg);

#endif
