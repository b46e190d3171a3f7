/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_CACHE_H
#define KT_GUEST_WORK_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "work.h"

/* A buffer whose bytes are read, changed and written back, a stride apart. */
#define CACHE_SIZE_MAX (1LL << 30)

struct cache {
	uint8_t *byte;
	size_t size, stride, at;
};

/* Page by page touched, so that no fault comes later. 0 or -ENOMEM. */
int cache_init(struct cache *c, int64_t size, int64_t stride);
/* That many touches, each a work unit, with ticks between; goes on where it was. */
void cache_touch(struct work *w, struct cache *c, uint64_t touches);

#endif
