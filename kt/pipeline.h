/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_PIPELINE_H
#define KT_DRIVER_PIPELINE_H

#include <stdbool.h>

#include "spawn.h"
#include "testrun.h"
#include "watch.h"

/* Tools with pipes between them, kt-check the last, and what became of each. */
#define PIPE_MAX 3

struct pipeline {
	const char *name[PIPE_MAX]; /* without "kt-" */
	int n;
	struct spawn s[PIPE_MAX];
	int status[PIPE_MAX];   /* as of wait(2) */
	bool stopped[PIPE_MAX]; /* kt has ended it: its status says nothing */
	int out;                /* what kt-check writes, for kt to read */
};

/*
 * kt-initrd | kt-vm | kt-check, or, without a guest, kt-guest run | kt-check; records come
 * from `in`. 0 or an exit code: all is said and nothing runs.
 */
int pipeline_start(struct pipeline *p, int in, const struct test_opts *o, struct watch *w);
/* Asks the guest to end: the rest of the stream still comes. */
void pipeline_interrupt(struct pipeline *p);
/* Ends and reaps what still runs; the output is to be read to its end before. */
void pipeline_finish(struct pipeline *p, struct watch *w);
/* The exit code of the whole, with a message when a tool was killed. */
int pipeline_code(const struct pipeline *p);

#endif
