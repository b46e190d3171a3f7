/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_CPULIST_H
#define KT_CPULIST_H

#include <stdbool.h>
#include <stddef.h>

#include "errbuf.h"

/* Sets of CPUs and the kernel's list format, "0-3,7". 1024 is kt's limit on CPUs. */
#define CPULIST_MAX       1024
#define CPULIST_TEXT_MAX  5120 /* longest text: every other CPU of 1024 */
#define CPULIST_WORD_BITS (8 * sizeof(unsigned long))

struct cpulist {
	unsigned long bits[CPULIST_MAX / CPULIST_WORD_BITS];
};

void cpulist_clear(struct cpulist *l);
void cpulist_add(struct cpulist *l, unsigned int cpu); /* a CPU beyond the limit is ignored */
bool cpulist_has(const struct cpulist *l, unsigned int cpu);
unsigned int cpulist_count(const struct cpulist *l);
int cpulist_next(const struct cpulist *l, int after); /* -1: none; start with after = -1 */
bool cpulist_subset(const struct cpulist *a, const struct cpulist *b); /* a within b */
void cpulist_or(struct cpulist *a, const struct cpulist *b);
void cpulist_andnot(struct cpulist *a, const struct cpulist *b);

/* Parses "0-3,7" (a trailing newline is fine, the empty string is the empty set). */
int cpulist_parse(const char *s, struct cpulist *l, struct errbuf *e);
/* Formats into buf of CPULIST_TEXT_MAX bytes and returns it. */
char *cpulist_format(const struct cpulist *l, char *buf);

#endif
