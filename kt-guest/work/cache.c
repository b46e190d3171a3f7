// SPDX-License-Identifier: GPL-2.0-only
/* Types that walk through a buffer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

enum { SIZE, STRIDE };

#define TOUCHES_PER_TICK 1024 /* 0.1 ms if each misses every cache */

int cache_init(struct cache *c, int64_t size, int64_t stride)
{
	c->size = (size_t)size;
	c->stride = (size_t)stride;
	c->at = 0;
	c->byte = malloc(c->size);
	if (!c->byte)
		return -ENOMEM;
	memset(c->byte, 1, c->size);
	return 0;
}

void cache_touch(struct work *w, struct cache *c, uint64_t touches)
{
	volatile uint8_t *byte = c->byte;
	uint64_t i, n;

	do {
		n = touches < TOUCHES_PER_TICK ? touches : TOUCHES_PER_TICK;
		for (i = 0; i < n; i++) {
			byte[c->at]++;
			c->at += c->stride;
			if (c->at >= c->size)
				c->at = 0;
		}
		w->tm->work_units += n;
		touches -= n;
		work_tick(w);
	} while (touches && !work_stopped(w));
}

static int cache_own(struct work *w)
{
	struct cache *c = calloc(1, sizeof(*c));

	w->own = c;
	return c ? cache_init(c, w->values[SIZE], w->values[STRIDE]) : -ENOMEM;
}

static void cache_pressure(struct work *w)
{
	struct cache *c = w->own;

	cache_touch(w, c, (c->size + c->stride - 1) / c->stride);
}

static void cache_yield(struct work *w)
{
	cache_pressure(w);
	work_yield(w);
}

static const char *cache_conflict(const int64_t *values)
{
	return values[STRIDE] > values[SIZE] ? "\"stride\" is larger than \"size\"" : NULL;
}

#define CACHE_PARAMS                                                            \
	{                                                                       \
		[SIZE] = WORK_PARAM_SIZE("size", 32 << 10, 64, CACHE_SIZE_MAX), \
		[STRIDE] = WORK_PARAM_SIZE("stride", 64, 1, CACHE_SIZE_MAX)     \
	}

const struct work_type work_family_cache[] = {
	{ .name = "CachePressure",
	  .summary = "reads, changes and writes bytes of a buffer, a stride apart",
	  .group = 1,
	  .conflict = cache_conflict,
	  .params = CACHE_PARAMS,
	  .ops = { .init = cache_own, .iterate = cache_pressure } },
	{ .name = "CacheYield",
	  .summary = "as CachePressure, then a yield",
	  .group = 1,
	  .conflict = cache_conflict,
	  .params = CACHE_PARAMS,
	  .ops = { .init = cache_own, .iterate = cache_yield } },
	{ .name = NULL },
};
