/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_WORDS_H
#define KT_CHECK_JUDGE_WORDS_H

#include "model/model.h"
#include "read/raw.h"

/* What sentences of several checks share. */

struct step_text {
	char s[32];
};

/* " in step 2", or nothing for a test of one step. */
struct step_text step_words(const struct model *m, int64_t step);
/* Seconds from the begin of the workload to t_ns. */
double seconds_into(const struct model *m, int64_t t_ns);

/* "task 123 "kt-w" in DSQ 1, 2.1s" */
#define TASK_WORDS 128
const char *task_words(const struct raw_who *t, char buf[TASK_WORDS]);

#endif
