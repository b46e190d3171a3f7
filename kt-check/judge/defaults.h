/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_DEFAULTS_H
#define KT_CHECK_JUDGE_DEFAULTS_H

#include "judge.h"
#include "read/raw.h"

/* The checks that are on for every test, and what their sentences share. */

/* True if the check is to be judged; says a skip when the run is not worth it. */
bool default_judged(struct judge *j, enum limit_id id, const struct finding *f);

struct step_text {
	char s[32];
};

/* " in step 2", or nothing for a test of one step. */
struct step_text step_words(const struct model *m, int64_t step);
/* "task 123 "kt-w" in DSQ 1, 2.1s" */
#define TASK_WORDS 128
const char *task_words(const struct raw_who *t, char buf[TASK_WORDS]);

/* In the order in which they are judged. */
void judge_defaults(struct judge *j);
void judge_conservation(struct judge *j); /* work_conservation.c */
void judge_waits(struct judge *j);        /* wait.c */
void judge_strayed(struct judge *j);
void judge_klog(struct judge *j);      /* kernel_log.c */
void judge_shape(struct judge *j);     /* topology.c */
void judge_lost(struct judge *j);      /* records.c */
void judge_observer(struct judge *j);  /* observer.c */
void judge_turns(struct judge *j);     /* turns.c: timeslice, migration, yield */
void judge_callbacks(struct judge *j); /* callbacks.c */

#endif
