// SPDX-License-Identifier: GPL-2.0-only
/* Taobench as a work type: the worker starts the threads, counts, and adds all up in the end. */
#include <errno.h>
#include <stdlib.h>

#include "taobench_cache.h"
#include "taobench_threads.h"

#define LOOK_EVERY (100 * NSEC_PER_MSEC)

struct taobench {
	struct tao t;
	bool started;
	uint64_t start_ns;
};

static int taobench_init(struct work *w)
{
	struct taobench *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);

	w->own = b;
	if (!b)
		return -ENOMEM;
	b->started = false;
	b->t = (struct tao){ .values = w->values };
	return tao_cache_init(&b->t);
}

static int start_all(struct tao *t, uint64_t seed)
{
	unsigned int i;
	int rc = 0;

	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->more, NULL);
	pthread_cond_init(&t->less, NULL);
	t->nfast = t->values[TAO_FAST_THREADS] ? (unsigned int)t->values[TAO_FAST_THREADS]
					       : thread_cpus();
	t->nslow = (unsigned int)t->values[TAO_SLOW_THREADS];
	t->fast = calloc(t->nfast, sizeof(*t->fast));
	t->slow = calloc(t->nslow, sizeof(*t->slow));
	if (!t->fast || !t->slow)
		return -ENOMEM;
	for (i = 0; !rc && i < t->nslow; i++) {
		t->slow[i].t = t;
		t->slow[i].rng = (seed + 2 * i + 1) * 0x9e3779b97f4a7c15ULL | 1;
		rc = thread_start(&t->slow[i].thread, "tao-slow", tao_slow_thread, &t->slow[i]);
		t->slow[i].started = !rc;
	}
	for (i = 0; !rc && i < t->nfast; i++) {
		t->fast[i].t = t;
		t->fast[i].rng = (seed + 2 * i + 2) * 0x9e3779b97f4a7c15ULL | 1;
		rc = thread_start(&t->fast[i].thread, "tao-fast", tao_fast_thread, &t->fast[i]);
		t->fast[i].started = !rc;
	}
	return rc;
}

/* What was answered: hits by fast threads, misses by slow ones. */
static void count(const struct tao *t, uint64_t *hits, uint64_t *answered)
{
	unsigned int i;

	*hits = *answered = 0;
	for (i = 0; i < t->nfast; i++)
		*hits += __atomic_load_n(&t->fast[i].hits, __ATOMIC_RELAXED);
	for (i = 0; i < t->nslow; i++)
		*answered += __atomic_load_n(&t->slow[i].answered, __ATOMIC_RELAXED);
}

static void taobench(struct work *w)
{
	struct taobench *b = w->own;
	uint64_t hits, answered;
	int rc;

	if (!b->started) {
		rc = start_all(&b->t, w->index);
		if (rc) { /* no memory, or no more threads */
			errno = -rc;
			work_failed(w, TM_FORK);
			telemetry_metric(w->tm, "start_error", -rc);
		}
		b->started = true;
		b->start_ns = work_checkpoint(w);
	}
	work_sleep(w, LOOK_EVERY);
	count(&b->t, &hits, &answered);
	w->tm->work_units = hits + answered;
}

static void join_all(struct tao *t)
{
	unsigned int i;

	__atomic_store_n(&t->stopping, true, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&t->lock); /* none is between its look at the stop and its wait */
	pthread_cond_broadcast(&t->more);
	pthread_cond_broadcast(&t->less);
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < t->nslow; i++)
		if (t->slow[i].started)
			pthread_join(t->slow[i].thread, NULL);
	for (i = 0; i < t->nfast; i++)
		if (t->fast[i].started) {
			gate_open(&t->fast[i].gate);
			pthread_join(t->fast[i].thread, NULL);
		}
}

static void put_results(struct work *w, const struct tao *t, double seconds, const struct hist *all)
{
	struct telemetry *tm = w->tm;
	uint64_t hits, answered, misses = 0;
	unsigned int i;

	count(t, &hits, &answered);
	for (i = 0; i < t->nfast; i++)
		misses += t->fast[i].misses;
	w->tm->work_units = hits + answered;
	telemetry_metric(tm, "total_qps", (double)(hits + answered) / seconds);
	telemetry_metric(tm, "fast_qps", (double)hits / seconds);
	telemetry_metric(tm, "slow_qps", (double)answered / seconds);
	telemetry_metric(tm, "hit_ratio",
			 hits + misses ? (double)hits / (double)(hits + misses) : 0);
	telemetry_metric_us(tm, "latency", &all[0]);
	telemetry_metric_us(tm, "fast", &all[1]);
	telemetry_metric_us(tm, "slow", &all[2]);
	telemetry_metric(tm, "fast_threads", t->nfast);
	telemetry_metric(tm, "slow_threads", t->nslow);
}

static void taobench_fini(struct work *w)
{
	struct hist *all = calloc(3, sizeof(*all)); /* both, fast, slow */
	struct taobench *b = w->own;
	struct tao *t = &b->t;
	double seconds = (double)(clock_ns() - b->start_ns) / NSEC_PER_SEC;
	unsigned int i;

	if (!b->started || !t->fast || !t->slow || !all)
		return;
	join_all(t);
	for (i = 0; i < t->nfast; i++) {
		hist_merge(&all[1], &t->fast[i].latency_us);
		cpulist_or(&w->tm->cpus, &t->fast[i].cpus);
	}
	for (i = 0; i < t->nslow; i++) {
		hist_merge(&all[2], &t->slow[i].latency_us);
		cpulist_or(&w->tm->cpus, &t->slow[i].cpus);
	}
	hist_merge(&all[0], &all[1]);
	hist_merge(&all[0], &all[2]);
	put_results(w, t, seconds, all);
	tao_cache_free(t);
	free(all);
}

static const char *taobench_conflict(const int64_t *v)
{
	return v[TAO_CACHE] / v[TAO_OBJECT] / v[TAO_SHARDS] < 1
		       ? "\"cache\" has no room for an object in each shard"
		       : NULL;
}

const struct work_type work_family_taobench[] = {
	{ .name = "Taobench",
	  .summary = "threads look keys up in a cache; a miss goes through a dispatcher",
	  .group = 1,
	  .alone = true,
	  .blocks = true,
	  .conflict = taobench_conflict,
	  .params = { [TAO_FAST_THREADS] = WORK_PARAM_COUNT("fast_threads", 0, 0, 1024),
		      [TAO_SLOW_THREADS] = WORK_PARAM_COUNT("slow_threads", 2, 1, 1024),
		      [TAO_CACHE] = WORK_PARAM_SIZE("cache", 16 << 20, 4 << 10, 1 << 30),
		      [TAO_OBJECT] = WORK_PARAM_SIZE("object", 1 << 10, 64, 1 << 20),
		      [TAO_SHARDS] = WORK_PARAM_COUNT("shards", 16, 1, 4096),
		      [TAO_HIT] = WORK_PARAM_COUNT("hit_pct", 90, 1, 100),
		      [TAO_RATE] = WORK_PARAM_COUNT("arrival_rate", 0, 0, WORK_COUNT_MAX),
		      [TAO_SLOW_P99] = WORK_PARAM_DURATION("slow_path_p99", NSEC_PER_MSEC) },
	  .ops = { .init = taobench_init, .iterate = taobench, .fini = taobench_fini } },
	{ .name = NULL },
};
