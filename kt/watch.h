/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_WATCH_H
#define KT_DRIVER_WATCH_H

#include <stdbool.h>

#include "progress.h"
#include "spawn.h"

/*
 * Everything that kt waits for beside its own work: signals, children that end,
 * what children say on stderr (through kt, so that the progress line does not
 * run into it), and the time to draw.
 */
struct watch {
	int signals; /* signalfd */
	int said;    /* our end of the children's stderr, or -1: they have kt's own */
	int err;     /* what to give them: a descriptor or SPAWN_INHERIT */
	int signal;  /* SIGINT, SIGTERM or SIGHUP came: that one, else 0 */
	int count;   /* how many of them came */
	struct progress progress;
};

/* 0 or -errno. `show`: draw a progress line. */
int watch_open(struct watch *w, bool show);
void watch_close(struct watch *w);
/* Waits for input on fd (may be -1) or anything else, up to timeout_ms; true: fd is ready. */
bool watch_wait(struct watch *w, int fd, int timeout_ms);
/* Waits up to timeout_ms (-1: for ever, unless a signal comes) for a child: 0 or -ETIMEDOUT,
 * -EINTR. */
int watch_child(struct watch *w, struct spawn *s, long timeout_ms, int *status);
/* Passes on what children said and takes the progress line away: before kt writes itself. */
void watch_flush(struct watch *w);

#endif
