/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_DRIVER_OUTCOME_H
#define KT_DRIVER_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What the stream itself says of its judgement. An exit code alone proves nothing: a run
 * has passed only if there is a verdict, kt-check's own end behind it, and all three agree.
 */
struct outcome {
	unsigned int verdicts;
	int verdict; /* the exit code that goes with the last one, or -1: it is none */
	int end;     /* the exit code of kt-check's end record, or -1: it is not the last record */
};

#define OUTCOME_NONE ((struct outcome){ .verdict = -1, .end = -1 })

/* Takes one line of the stream. */
void outcome_line(struct outcome *o, const char *line, size_t len);
/* The exit code of the run, of which kt-check ended with `code`: that one, or an error, said. */
int outcome_code(const struct outcome *o, int code);

#endif
