/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_ENGINE_H
#define KT_ENGINE_H

#include <stddef.h>

#include "errbuf.h"
#include "machine.h"

/*
 * What runs the guest's CPUs. An engine is a const table; everything before
 * (machine.h) and after it (console.h, port.h, the records) is shared.
 */
enum engine_event {
	ENGINE_NONE,
	ENGINE_POWEROFF,
	ENGINE_RESET, /* the guest asked for a reset */
	ENGINE_TRIPLE_FAULT,
	ENGINE_LOST, /* the engine itself died; `why` says how */
};

struct engine_ops {
	const char *name;
	/* 0: can run guests here, `what` gets its version; else why not */
	int (*probe)(char *what, size_t size, struct errbuf *why);
	/* Kernel parameters that this engine needs; `hz` is the guest kernel's CONFIG_HZ. */
	void (*cmdline)(char *buf, size_t size, unsigned int hz);
	/* Starts the guest. On success *console and *port are its two streams, for reading. */
	int (*start)(void **self, const struct machine *m, int *console, int *port,
		     struct errbuf *e);
	/* Descriptors to poll for reading (at most ENGINE_FDS); returns their number. */
	size_t (*fds)(void *self, int *fd);
	/* One of them is readable. */
	enum engine_event (*handle)(void *self, struct errbuf *why);
	/* Ends the guest if it still runs, and frees `self`. */
	void (*stop)(void *self);
};

#define ENGINE_FDS 4

extern const struct engine_ops engine_tcg;
extern const struct engine_ops *const engines[]; /* in order of preference, NULL-terminated */

/* The engine of that name; "auto": the first whose probe succeeds. NULL with the reason in `e`. */
const struct engine_ops *engine_find(const char *name, char *what, size_t size, struct errbuf *e);

#endif
