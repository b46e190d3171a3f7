/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_RELEASE_H
#define KT_GUEST_CREW_RELEASE_H

#include <stdbool.h>
#include <sys/types.h>

#include "writer.h"

/*
 * Who is to stop must be able to run: quotas are lifted and freezers are opened, of cgroups by
 * directory and of those where a process is now, whoever made them and moved it there, and of all
 * that are above. Quotas come back by release_end(), where the cgroup is still there.
 */
struct lifted;

struct release {
	struct writer *writer;
	struct lifted *lifted;
};

/* Only the quota of one cgroup. */
void release_quota(struct release *r, const char *dir);
/* With `below`, all that is below it, too. */
void release_cgroup(struct release *r, const char *dir, bool below);
void release_process(struct release *r, pid_t pid);
void release_end(struct release *r);

/* Is a process where the kernel gives it next to nothing: SCHED_IDLE, cpu.idle, a least weight? */
bool release_is_light(pid_t pid);
/* Lets all threads of a process run before all but real-time ones of a higher priority. */
void release_boost(pid_t pid);

/* "state R (runnable) in /kt/a" of a process, for people; returns buf. */
const char *release_where(pid_t pid, char *buf, size_t len);

#endif
