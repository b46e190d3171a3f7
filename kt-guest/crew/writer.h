/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_CREW_WRITER_H
#define KT_GUEST_CREW_WRITER_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Writes to files of the kernel that may keep the writer waiting (cgroup.procs, memory.max,
 * a CPU's "online"): by a helper process, so that the guest goes on after a limit whatever
 * the kernel does. A helper that hangs is left to its fate, and the next write has another.
 */
#define WRITER_TEXT 8192 /* bytes of path and text, at most */

/* Waits until fd is readable, or until_ns, and looks after what else there is meanwhile. */
typedef void writer_wait(void *arg, int fd, uint64_t until_ns);

struct writer {
	writer_wait *wait;
	void *arg;
	pid_t pid; /* 0: not running yet */
	int fd;
};

void writer_init(struct writer *w, writer_wait *wait, void *arg);
/* Like file_write(): 0 or -errno; -ETIMEDOUT when the write was not over within limit_ns. */
int writer_put(struct writer *w, const char *path, const char *text, uint64_t limit_ns);
void writer_stop(struct writer *w);

#endif
