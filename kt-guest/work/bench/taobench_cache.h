/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_BENCH_TAOBENCH_CACHE_H
#define KT_GUEST_WORK_BENCH_TAOBENCH_CACHE_H

#include "taobench_threads.h"

/* Makes a full cache: 0 or -ENOMEM. */
int tao_cache_init(struct tao *t);
void tao_cache_free(struct tao *t);
/* Reads the object: true, and *sum changes; false when it is not there. */
bool tao_cache_get(struct tao *t, uint64_t key, uint64_t *sum);
/* In the place of the oldest of its shard. */
void tao_cache_put(struct tao *t, uint64_t key);

#endif
