/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_PROGRESS_H
#define KT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a person sees on stderr while something runs: on a terminal one line
 * that is drawn over, with a bar if the amount of work is known; otherwise a
 * line when it begins and one every ten seconds.
 */
struct progress {
	char what[160];
	unsigned long done, total; /* files; total 0: unknown */
	int64_t started_ms, shown_ms;
	bool tty;
	bool drawn; /* a line stands on the terminal */
};

void progress_start(struct progress *p, unsigned long total, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Shows the state if it is time to; milliseconds until it is time again. */
int progress_show(struct progress *p, unsigned long done);
/* Wipes the terminal's line, so that messages have theirs. */
void progress_clear(struct progress *p);

/* "42s", "2m10s", "1h02m" into buf of at least 24 bytes, which is returned. */
char *progress_time(char *buf, int64_t seconds);

#endif
