/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_RUNDIR_H
#define KT_DRIVER_RUNDIR_H

#include <limits.h>
#include <stddef.h>

#include "errbuf.h"

/* The directory of one run: runs/20261122-093000-NAME[-N], with run.jsonl as it grows. */
struct rundir {
	char runs[PATH_MAX]; /* the directory of all runs */
	char name[160];      /* within it */
	int dir;             /* descriptors; -1: none */
	int records;
};

/* `runs`: NULL for $KT_RUNS or the state directory. Never takes a directory that exists. */
int rundir_make(struct rundir *r, const char *runs, const char *test, struct errbuf *e);
int rundir_write(struct rundir *r, const void *data, size_t len);
/* Points `latest` here, at once. */
int rundir_latest(struct rundir *r, struct errbuf *e);
/* Gives up a run that never began. */
void rundir_remove(struct rundir *r);
void rundir_close(struct rundir *r);

#endif
