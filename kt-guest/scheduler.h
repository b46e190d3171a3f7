/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_SCHEDULER_H
#define KT_GUEST_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "spawn.h"

#define SCHED_BINARY   "/kt/scheduler"
#define SCHED_LINE_MAX 4096 /* longest log line that is passed on whole */
#define SCHED_WORD_MAX 500  /* of a log line within a reason */

/*
 * The scheduler under test: a child process, and what the kernel says about it.
 * A test without one (the kernel's own) has a struct of zeros with `out` set: then sched_wait()
 * only waits. All records about it are written here.
 */
struct sched {
	struct rec_out *out;
	const char *name;
	struct spawn proc; /* .out is our end of its log pipe */
	int pidfd, state_fd, status;
	bool running;     /* there is a process to watch */
	bool attached;    /* seen "enabled" */
	uint64_t lost_ns; /* when it was seen to have ended by itself, or 0 */
	unsigned int lines;
	size_t len; /* of line[] */
	char line[SCHED_LINE_MAX + 1];
	char last[SCHED_WORD_MAX + 1],
		said[SCHED_WORD_MAX + 1]; /* last line with text; last "EXIT:" line */
};

enum sched_event { SCHED_TIME, SCHED_READY, SCHED_LOST };

/* `plan` is the test's "scheduler" object, or NULL for the kernel's own. */
void sched_init(struct sched *s, struct json_object *plan, struct rec_out *out);
/*
 * Starts the program and waits until it is attached: 0, or 1 when it did not (recorded as
 * "failed": the test cannot go on).
 */
int sched_start(struct sched *s, struct json_object *plan, uint64_t watchdog_ns);
/*
 * The one place where the guest waits: until `until_ns`, or fd (or -1) is readable, or the
 * scheduler ended by itself, whatever comes first. Passes its log on meanwhile.
 */
enum sched_event sched_wait(struct sched *s, int fd, uint64_t until_ns);
/* After SCHED_LOST: gives it time to say why, records "exit". */
void sched_lost(struct sched *s);
/* Stops it, if it still runs, and records "stop". */
void sched_stop(struct sched *s);

#endif
