// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/work/bench/taobench_threads.c kt-guest/work/bench/taobench_cache.c
// LINK: kt-guest/work/bench/thread.c kt-guest/measure/hist.c kt-guest/measure/file.c
/* Taobench's cache, and the time that its store takes. */
#include <math.h>
#include <stdlib.h>

#include "kt-guest/work/bench/taobench_cache.h"
#include "kt-guest/work/bench/taobench_threads.h"
#include "unit.h"

/* 4 shards of 8 objects; half of 64 keys are there. */
static const int64_t values[] = {
	[TAO_CACHE] = 4 * 8 * 64, [TAO_OBJECT] = 64, [TAO_SHARDS] = 4, [TAO_HIT] = 50
};

static struct tao *cache(void)
{
	static struct tao t;

	memset(&t, 0, sizeof(t));
	t.values = values;
	CHECK_INT(tao_cache_init(&t), 0);
	return &t;
}

static unsigned int there(struct tao *t)
{
	uint64_t key, sum = 0;
	unsigned int n = 0;

	for (key = 0; key < t->keys; key++)
		n += tao_cache_get(t, key, &sum);
	return n;
}

TEST(it_starts_full)
{
	struct tao *t = cache();

	CHECK_INT(t->keys, 64);
	CHECK_INT(there(t), 32);
	tao_cache_free(t);
}

TEST(what_comes_drives_out_the_oldest_of_its_shard)
{
	struct tao *t = cache();
	uint64_t sum = 0;
	int i;

	CHECK(tao_cache_get(t, 1, &sum)); /* the oldest of shard 1, in spite of this look */
	CHECK(!tao_cache_get(t, 61, &sum));
	tao_cache_put(t, 61);
	CHECK(tao_cache_get(t, 61, &sum));
	CHECK(!tao_cache_get(t, 1, &sum));
	CHECK(tao_cache_get(t, 5, &sum));
	for (i = 0; i < 5; i++)
		tao_cache_put(t, 61); /* it is there: nobody has to go */
	CHECK(tao_cache_get(t, 5, &sum));
	CHECK(tao_cache_get(t, 0, &sum)); /* other shards keep theirs */
	CHECK_INT(there(t), 32);
	tao_cache_free(t);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

TEST(store_takes_ten_times_the_least_in_the_99th_percentile)
{
	enum { N = 100000 };
	static uint64_t ns[N];
	uint64_t rng = 88172645463325252ULL;
	int i;

	for (i = 0; i < N; i++)
		ns[i] = tao_slow_ns(&rng, 1000000);
	qsort(ns, N, sizeof(ns[0]), by_value);
	CHECK(ns[0] >= 100000 && ns[0] < 100100);
	CHECK(fabs((double)ns[N / 2] - 141421) < 3000); /* the least * sqrt(2) */
	CHECK(fabs((double)ns[N / 100 * 99] - 1000000) < 60000);
}

TEST(random_numbers_are_above_0_and_at_most_1)
{
	uint64_t rng = 1;
	double x, sum = 0;
	int i;

	for (i = 0; i < 100000; i++) {
		x = tao_random(&rng);
		CHECK(x > 0 && x <= 1);
		sum += x;
	}
	CHECK(fabs(sum / 100000 - 0.5) < 0.01);
}

UNIT_MAIN(T(it_starts_full), T(what_comes_drives_out_the_oldest_of_its_shard),
	  T(store_takes_ten_times_the_least_in_the_99th_percentile),
	  T(random_numbers_are_above_0_and_at_most_1))
