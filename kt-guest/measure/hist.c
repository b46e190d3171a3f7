// SPDX-License-Identifier: GPL-2.0-only
/* A histogram of fixed size with exact small values and percentiles within 0.8 %. */
#include <math.h>

#include "hist.h"

#define EXACT (2ULL << HIST_BITS) /* values below have a bucket of their own */

static unsigned int bucket_of(uint64_t v)
{
	unsigned int msb, shift;

	if (v < EXACT)
		return (unsigned int)v;
	msb = 63 - (unsigned int)__builtin_clzll(v);
	if (msb > HIST_MSB)
		return HIST_BUCKETS - 1;
	shift = msb - HIST_BITS;
	return ((shift + 1) << HIST_BITS) + (unsigned int)((v >> shift) & ((1U << HIST_BITS) - 1));
}

static uint64_t middle_of(unsigned int b)
{
	unsigned int shift;

	if (b < EXACT)
		return b;
	shift = (b >> HIST_BITS) - 1;
	return ((((1ULL << HIST_BITS) + (b & ((1U << HIST_BITS) - 1))) << 1) + 1) << (shift - 1);
}

void hist_add(struct hist *h, uint64_t value, uint64_t times)
{
	if (!times)
		return;
	h->bucket[bucket_of(value)] += (uint32_t)times;
	if (!h->count || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->count += times;
	h->sum += (double)value * (double)times;
	h->squares += (double)value * (double)value * (double)times;
}

void hist_merge(struct hist *h, const struct hist *from)
{
	unsigned int i;

	if (!from->count)
		return;
	for (i = 0; i < HIST_BUCKETS; i++)
		h->bucket[i] += from->bucket[i];
	if (!h->count || from->min < h->min)
		h->min = from->min;
	if (from->max > h->max)
		h->max = from->max;
	h->count += from->count;
	h->sum += from->sum;
	h->squares += from->squares;
}

uint64_t hist_percentile(const struct hist *h, double pct)
{
	uint64_t rank = (uint64_t)ceil((double)h->count * pct / 100), sum = 0, v;
	unsigned int i;

	if (!h->count)
		return 0;
	for (i = 0; i < HIST_BUCKETS - 1; i++) {
		sum += h->bucket[i];
		if (sum && sum >= rank)
			break;
	}
	v = middle_of(i);
	return v > h->max ? h->max : v < h->min ? h->min : v;
}

double hist_mean(const struct hist *h)
{
	return h->count ? h->sum / (double)h->count : 0;
}

double hist_cv(const struct hist *h)
{
	double mean = hist_mean(h), variance;

	if (mean <= 0)
		return 0;
	variance = h->squares / (double)h->count - mean * mean;
	return variance > 0 ? sqrt(variance) / mean : 0;
}
