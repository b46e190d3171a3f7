/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SPAWN_H
#define KT_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "errbuf.h"

/*
 * Child processes with an owner. Each child leads a process group of its own
 * (unless foreground) and gets SIGKILL when its parent dies, so nothing outlives
 * a run. A failed exec is told through a close-on-exec pipe: a child's own 127
 * stays its own.
 */
enum { SPAWN_INHERIT = -1, SPAWN_NULL = -2, SPAWN_PIPE = -3 };

struct spawn_opts {
	const char *const *argv; /* argv[0] with a slash: that file; else PATH */
	char *const *envp;       /* NULL: the caller's */
	const char *dir;         /* NULL: the caller's */
	int in, out, err;        /* a descriptor, or one of SPAWN_* */
	const int *keep;         /* further descriptors to keep open, by the same number */
	size_t nkeep;
	bool foreground; /* stay in the caller's process group (terminal jobs) */
};

struct spawn {
	pid_t pid;        /* 0: none, or reaped */
	int in, out, err; /* our ends of the SPAWN_PIPE ones, else -1 */
	bool group;
};

/* All descriptors inherited; fill in what differs. */
#define SPAWN_DEFAULTS(...)   \
	((struct spawn_opts){ \
		.in = SPAWN_INHERIT, .out = SPAWN_INHERIT, .err = SPAWN_INHERIT, __VA_ARGS__ })

/* 0, or -errno of fork, pipe or exec. */
int spawn_start(struct spawn *s, const struct spawn_opts *o);
/* Waits up to timeout_ms (-1: for ever): 0 with *status as of wait(2), or -ETIMEDOUT. */
int spawn_wait(struct spawn *s, long timeout_ms, int *status);
/* SIGTERM to the group, then after grace_ms SIGKILL; reaps, closes. Returns the wait status. */
int spawn_stop(struct spawn *s, long grace_ms);
/* Closes our pipe ends; the process must be reaped already. */
void spawn_close(struct spawn *s);

/* A wait status as an exit code: the program's own, or 128 + signal. */
int spawn_code(int status);

/*
 * Runs argv to its end with stdin from /dev/null, and returns its exit code (or
 * -errno: -ETIMEDOUT after timeout_ms, -E2BIG beyond `max` bytes of output).
 * Its stdout is in *out (free() it; NUL-terminated), stderr is inherited.
 */
int spawn_capture(const char *const *argv, long timeout_ms, size_t max, char **out);

#endif
