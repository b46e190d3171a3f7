/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_MEASURE_HIST_H
#define KT_GUEST_MEASURE_HIST_H

#include <stdint.h>

/*
 * A histogram of whole numbers, of fixed size whatever comes: exact up to 127, then 64
 * buckets for each power of two, so that a percentile (the middle of its bucket) is
 * within 0.8 % of a value that was there. Count, sum, minimum and maximum are exact.
 */
#define HIST_BITS    6
#define HIST_MSB     43 /* what is larger (2.4 hours in ns) is in the last bucket */
#define HIST_BUCKETS ((HIST_MSB - HIST_BITS + 2) << HIST_BITS)

struct hist {
	uint64_t count, min, max;
	double sum, squares;
	uint32_t bucket[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t value, uint64_t times);
void hist_merge(struct hist *h, const struct hist *from);
/* Nearest rank: the bucket that holds sample ceil(count * pct / 100); 0 when empty. */
uint64_t hist_percentile(const struct hist *h, double pct);
double hist_mean(const struct hist *h);
/* Coefficient of variation, of the population. */
double hist_cv(const struct hist *h);

#endif
