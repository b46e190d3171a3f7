/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_BENCH_TAOBENCH_THREADS_H
#define KT_GUEST_WORK_BENCH_TAOBENCH_THREADS_H

#include "thread.h"

/*
 * A cache of a graph store, after what TaoBench does: fast threads look keys up in a sharded
 * cache that forgets in the order of arrival. A hit reads the object and is answered at once.
 * A miss goes to a queue; dispatcher threads take it from there, wait as long as the store
 * behind the cache takes (a Pareto distribution), put the object into the cache and answer.
 * Keys are drawn evenly from so many that the cache holds hit_pct of them; it starts full.
 *
 * Closed loop: each fast thread asks again when it was answered. Open loop (arrival_rate):
 * requests arrive by a Poisson process of each fast thread, whether or not the last one was
 * answered, and latency counts from the time at which they were to arrive: a thread that
 * runs late does not hide it.
 */
enum {
	TAO_FAST_THREADS,
	TAO_SLOW_THREADS,
	TAO_CACHE,
	TAO_OBJECT,
	TAO_SHARDS,
	TAO_HIT,
	TAO_RATE,
	TAO_SLOW_P99,
};

#define TAO_QUEUE 4096 /* misses under way; a fast thread waits when it is full */

struct tao_shard {
	_Alignas(64) pthread_mutex_t lock;
	uint32_t slots, next; /* the oldest, the next to go */
	uint64_t *key;        /* of each slot */
	uint32_t *where;      /* slot of each key of this shard, or TAO_NOWHERE */
	char *bytes;
};

#define TAO_NOWHERE UINT32_MAX

struct tao_fast {
	struct tao *t;
	pthread_t thread;
	bool started;
	uint64_t rng, sum;
	uint32_t gate; /* closed loop: opens with the answer to a miss */
	uint64_t hits, misses;
	struct hist latency_us;
	struct cpulist cpus;
};

struct tao_slow {
	struct tao *t;
	pthread_t thread;
	bool started;
	uint64_t rng, answered;
	struct hist latency_us;
	struct cpulist cpus;
};

struct tao_miss {
	struct tao_fast *from;
	uint64_t key, due_ns;
};

struct tao {
	const int64_t *values;
	bool stopping;
	unsigned int nfast, nslow, nshards;
	uint64_t keys;
	size_t object;
	struct tao_shard *shard;
	struct tao_fast *fast;
	struct tao_slow *slow;

	pthread_mutex_t lock; /* of the queue */
	pthread_cond_t more, less;
	unsigned int head, queued;
	struct tao_miss queue[TAO_QUEUE];
};

/* A number in (0, 1]. */
double tao_random(uint64_t *state);
/* Of a Pareto distribution with the exponent 2: `p99` is ten times the least. */
uint64_t tao_slow_ns(uint64_t *state, uint64_t p99);

void *tao_fast_thread(void *fast);
void *tao_slow_thread(void *slow);

#endif
