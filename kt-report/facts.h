/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_REPORT_FACTS_H
#define KT_REPORT_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "errbuf.h"

/* What the stream tells of one run, kept for the report. */

#define FACTS_TAIL 20    /* lines of a log that are shown */
#define FACTS_LIST 65536 /* records of a kind that are kept; what is beyond is counted */

/* The last lines of a log; each is a record with a `text`. */
struct tail {
	struct json_object *line[FACTS_TAIL];
	unsigned long n; /* lines seen */
};

struct list {
	struct json_object **rec;
	unsigned int n, cap;
	unsigned long beyond; /* not kept */
};

#define FACTS_ENDS 32 /* schedulers that failed one after the other */

/* What tells of a failure; see bug.c. One record (or part of one) each, or NULL. */
struct bug_end {
	struct json_object *exit, *snapshot;
};

struct bug {
	struct bug_end last, before[FACTS_ENDS];
	unsigned int n; /* before */
	struct json_object *sched, *console;
};

enum facts_verdict { FACTS_NONE, FACTS_PASS, FACTS_FAIL, FACTS_INCONCLUSIVE };

#define FACTS_COUNTS 4 /* verdicts that a check can have */

struct facts {
	/* one record each, or NULL */
	struct json_object *test, *topology, *kernel, *vm, *vm_exit, *host, *total, *theft,
		*verdict_rec;
	int64_t host_ns; /* how long a run without a guest took, or -1 */
	int64_t init_ns; /* boot stage "init", or -1 */
	struct tail console, log;
	struct list steps;   /* step and op records */
	struct list metrics; /* payload records, worker records with metrics */
	struct list stats, checks, items, fields;
	struct bug bug;
	struct timeline *timeline; /* or NULL */
	enum facts_verdict verdict;
	unsigned long counts[FACTS_COUNTS]; /* of checks, by verdict */
	unsigned long told[FACTS_COUNTS];   /* as the verdict record has it */
	int code;                           /* of kt-check's end record, or -1 */
	bool run_failed, scheduler_failed;
	bool allowed; /* inconclusive, and the test allows that */
};

void facts_init(struct facts *s);
void facts_free(struct facts *s);
/* Takes a record of any type, holds what it keeps; negative with the reason in `e`. */
int facts_take(struct facts *s, struct json_object *o, struct errbuf *e);
/*
 * After the last record: 0 if there is a verdict, and the checks and kt-check's exit code
 * say the same; else -EINVAL with the reason in `e`.
 */
int facts_judged(const struct facts *s, struct errbuf *e);

#endif
