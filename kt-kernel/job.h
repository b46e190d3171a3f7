/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_JOB_H
#define KT_JOB_H

#include "errbuf.h"
#include "progress.h"

/*
 * A helper program (tar, make, ...) whose output goes to a log file while it
 * runs under the progress line. Signals that end kt-kernel end it first.
 */
#define JOB_TAIL 20
#define JOB_LINE 240

struct job {
	unsigned long files; /* lines in which kbuild names a file: "  CC  x.o" */
	unsigned long lines;
	char tail[JOB_TAIL][JOB_LINE]; /* ring of the last lines: number `lines` is next */
	char error[JOB_LINE];          /* the first line that tells an error */
	bool no_space;                 /* ... and one of them was for want of disk space */
};

/*
 * Runs argv in `dir`, appending its stdout and stderr to `log`. Returns its exit
 * code (128 + signal where one ended it), -EINTR when kt-kernel itself was told to end, or
 * another -errno with the reason in `e`.
 */
int job_run(struct job *j, const char *const *argv, const char *dir, const char *log,
	    struct progress *p, struct errbuf *e);

/* Prints the lines that tell why it failed, indented, for people. */
void job_print_tail(const struct job *j);

/* From here on SIGINT, SIGTERM and SIGHUP only mark what job_signal() returns. */
void job_catch_signals(void);
int job_signal(void); /* or 0 */

#endif
