/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_PIPELINE_H
#define KT_DRIVER_PIPELINE_H

#include <stdbool.h>

#include "spawn.h"
#include "watch.h"

/* kt-initrd | kt-vm | kt-check, and what became of each. */
enum { PIPE_INITRD, PIPE_VM, PIPE_CHECK, PIPE_N };

struct pipeline {
	struct spawn s[PIPE_N];
	int status[PIPE_N];   /* as of wait(2) */
	bool stopped[PIPE_N]; /* kt has ended it: its status says nothing */
	int out;              /* what kt-check writes, for kt to read */
};

/* Starts all of it, records coming from `in`: 0 or an exit code, all is said and nothing runs. */
int pipeline_start(struct pipeline *p, int in, const char *engine, struct watch *w);
/* Asks the guest to end: the rest of the stream still comes. */
void pipeline_interrupt(struct pipeline *p);
/* Ends and reaps what still runs; the output is to be read to its end before. */
void pipeline_finish(struct pipeline *p, struct watch *w);
/* The exit code of the whole, with a message when a tool was killed. */
int pipeline_code(const struct pipeline *p);

#endif
