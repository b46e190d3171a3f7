/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_STORY_H
#define KT_REPORT_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"

/* What the stream tells of one run, kept for the report. */

#define STORY_TAIL 20    /* lines of a log that are shown */
#define STORY_LIST 65536 /* records of a kind that are kept; what is beyond is counted */

/* The last lines of a log; each is a record with a `text`. */
struct tail {
	struct json_object *line[STORY_TAIL];
	unsigned long n; /* lines seen */
};

struct list {
	struct json_object **rec;
	unsigned int n, cap;
	unsigned long beyond; /* not kept */
};

#define STORY_ENDS 32 /* schedulers that failed one after the other */

/* What tells of a failure; see bug.c. One record (or part of one) each, or NULL. */
struct bug_end {
	struct json_object *exit, *snapshot;
};

struct bug {
	struct bug_end last, before[STORY_ENDS];
	unsigned int n; /* before */
	struct json_object *sched, *console;
};

enum story_verdict { STORY_NONE, STORY_PASS, STORY_FAIL, STORY_INCONCLUSIVE };

#define STORY_COUNTS 4 /* verdicts that a check can have */

struct story {
	/* one record each, or NULL */
	struct json_object *test, *topology, *kernel, *vm, *vm_exit, *host, *total, *theft,
		*verdict_rec;
	int64_t host_ns; /* how long a run without a guest took, or -1 */
	int64_t init_ns; /* boot stage "init", or -1 */
	struct tail console, log;
	struct list course;  /* step and op records */
	struct list metrics; /* payload records, worker records with metrics */
	struct list stats, checks, items, fields;
	struct bug bug;
	struct timeline *timeline; /* or NULL */
	enum story_verdict verdict;
	unsigned long counts[STORY_COUNTS]; /* of checks, by verdict */
	unsigned long told[STORY_COUNTS];   /* as the verdict record has it */
	int code;                           /* of kt-check's end record, or -1 */
	bool run_failed, scheduler_failed;
	bool allowed; /* inconclusive, and the test allows that */
};

void story_init(struct story *s);
void story_free(struct story *s);
/* Takes a record of any type, holds what it keeps; negative with the reason in `e`. */
int story_take(struct story *s, struct json_object *o, struct errbuf *e);
/*
 * After the last record: 0 if there is a verdict, and the checks and kt-check's exit code
 * say the same; else -EINVAL with the reason in `e`.
 */
int story_judged(const struct story *s, struct errbuf *e);

#endif
