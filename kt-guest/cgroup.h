/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CGROUP_H
#define KT_GUEST_CGROUP_H

#include "errbuf.h"

/* The test's cgroups, in cgroup v2 below /sys/fs/cgroup/kt. */
struct cgroup {
	char path[300];
	int fd; /* the directory, for births into it */
};

/* Makes the parent with its controllers; once. All return 0 or -errno with words in e. */
int cgroup_setup(struct errbuf *e);
/* Undoes cgroup_setup(). */
void cgroup_teardown(void);
/* Makes one; `cpus` (NULL: all) is a CPU list for its cpuset. */
int cgroup_make(struct cgroup *c, const char *name, const char *cpus, struct errbuf *e);
/* Removes it; its processes must be gone. */
int cgroup_remove(struct cgroup *c, struct errbuf *e);

#endif
