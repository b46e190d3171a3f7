/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_RUN_SCHEDULER_H
#define KT_GUEST_RUN_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "spawn.h"

#define SCHED_LINE_MAX 4096 /* longest log line that is passed on whole */
#define SCHED_WORD_MAX 500  /* of a log line within a reason */

/*
 * The schedulers of a test, one at a time: a child process or what the kernel has built in, and
 * what the kernel says about it. A test without one (the kernel's own) has only `out` set: then
 * sched_wait() only waits. All records about schedulers are written here.
 */
struct sched {
	struct rec_out *out;
	struct json_object *test; /* the plan */
	struct json_object *plan; /* the scheduler that is attached or was last; NULL: none yet */
	const char *name;
	struct spawn proc; /* .out is our end of its log pipe */
	int pidfd, state_fd, status;
	bool wanted;      /* one should be attached now: not so before, and after a detach */
	bool running;     /* there is a process to watch */
	bool attached;    /* seen "enabled", or switched on */
	bool ext;         /* it is a sched_ext scheduler */
	uint64_t lost_ns; /* when it was seen to have ended by itself, or 0 */
	/*
	 * A scheduler without callbacks for it is thrown out when a CPU comes or goes, and many
	 * attach themselves again then. Until when that is no end; since when it is out, or 0.
	 */
	uint64_t may_restart_ns, out_ns;
	/* what else is looked after while the guest waits (payloads): called when fd is readable */
	int aux_fd; /* -1: none */
	void (*aux)(void *arg);
	void *aux_arg;
	bool ending;     /* it was told to end: all that it says is read at once */
	uint64_t log_ns; /* its log is not read before then */
	size_t in_at, in_len;
	char in[SCHED_LINE_MAX]; /* what was read of it and is not yet a line */
	unsigned int lines;
	size_t len; /* of line[] */
	char line[SCHED_LINE_MAX + 1];
	char last[SCHED_WORD_MAX + 1],
		said[SCHED_WORD_MAX + 1]; /* last line with text; last "EXIT:" line */
};

enum sched_event { SCHED_TIME, SCHED_READY, SCHED_LOST };

/* `test` is the plan; nothing is started. */
void sched_init(struct sched *s, struct json_object *test, struct rec_out *out);
/*
 * Starts the test's own scheduler, if it has one, and waits until it is attached: 0, or 1 when
 * it did not (recorded as "failed": the test cannot go on).
 */
int sched_start(struct sched *s);
/*
 * The one place where the guest waits: until `until_ns`, or fd (or -1) is readable, or the
 * scheduler ended by itself, whatever comes first. Passes its log on meanwhile.
 */
enum sched_event sched_wait(struct sched *s, int fd, uint64_t until_ns);
/* For a writer: a scheduler that is lost meanwhile stays so, and the write is waited for. */
void sched_wait_out(void *sched, int fd, uint64_t until_ns);
/* CPUs come or go now: it may be thrown out for that, and attach itself again. */
void sched_cpus_change(struct sched *s);
/* After SCHED_LOST: gives it time to say why, records "exit". */
void sched_lost(struct sched *s);
/* Stops it, if it still runs, and records "stop"; it is missing then, where one is wanted. */
void sched_stop(struct sched *s);
/* Is one wanted, and there is none? What follows would test another scheduler. */
bool sched_missing(const struct sched *s);

/*
 * What ops ask for; names are those of the plan. 0; 1 for a scheduler that did not attach
 * (recorded as "failed"); -errno; the last two with words in e.
 */
int sched_attach(struct sched *s, const char *name, struct errbuf *e);
int sched_detach(struct sched *s, struct errbuf *e);
int sched_restart(struct sched *s, struct errbuf *e);
int sched_replace(struct sched *s, const char *name, struct errbuf *e);

#endif
