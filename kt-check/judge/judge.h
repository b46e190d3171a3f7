/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CHECK_JUDGE_JUDGE_H
#define KT_CHECK_JUDGE_JUDGE_H

#include "model/model.h"
#include "model/verdict.h"
#include "record.h"

struct judge {
	struct model *m;
	struct rec_out *out;
	unsigned long count[V_COUNT];
	const char *not_judged; /* why the workload is not judged, or NULL */
	bool host_did;          /* something is inconclusive because the host may have done it */
};

/* What a check record says besides its verdict and its sentence. */
struct finding {
	const char *check;
	const struct group *group;   /* NULL: the whole test */
	const struct place *place;   /* NULL: that of the group, or the whole test */
	const struct worker *worker; /* NULL: all of the group */
	const char *payload;         /* NULL: it is not about one */
	/* a number, or a text where that is not NULL; NAN: null */
	double observed, limit;
	const char *observed_text, *limit_text;
	const char *unit;
};

/* A finding of a check about a group, with nothing observed yet. */
struct finding finding_of(const char *check, const struct group *g);
/* Writes the check record; the sentence gets the cgroup's name in front. */
void judge_say(struct judge *j, enum verdict v, const struct finding *f, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * For a limit that was exceeded: fails if it `still` is after the most that the host can
 * explain is taken away, else it is inconclusive, and `host` (host_words()) ends the sentence.
 */
void judge_exceeded(struct judge *j, const struct finding *f, bool still, const char *host,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Writes the verdict record and returns the exit code. */
int judge_verdict(struct judge *j);

#endif
