// SPDX-License-Identifier: GPL-2.0-only
/* The threads of Taobench. */
#include <math.h>
#include <sched.h>

#include "taobench_cache.h"
#include "taobench_threads.h"

#define NAP_MAX   (20 * NSEC_PER_MSEC) /* so that the stop is soon seen */
#define STORE_MAX NSEC_PER_SEC         /* the slowest answer of the store */
#define CPU_EVERY 256                  /* requests between two looks at the CPU number */

static bool stopping(const struct tao *t)
{
	return __atomic_load_n(&t->stopping, __ATOMIC_SEQ_CST);
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

double tao_random(uint64_t *state)
{
	return ((double)(next_random(state) >> 11) + 1) / 9007199254740992.0; /* 2^53 */
}

uint64_t tao_slow_ns(uint64_t *state, uint64_t p99)
{
	double ns = (double)p99 / 10 / sqrt(tao_random(state));

	return ns < STORE_MAX ? (uint64_t)ns : STORE_MAX;
}

/* Sleeps until then; returns early for the stop. */
static void sleep_until(const struct tao *t, uint64_t due)
{
	struct timespec ts;
	uint64_t now, until;

	while ((now = clock_ns()) < due && !stopping(t)) {
		until = due - now < NAP_MAX ? due : now + NAP_MAX;
		ts.tv_sec = (time_t)(until / NSEC_PER_SEC);
		ts.tv_nsec = (long)(until % NSEC_PER_SEC);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	}
}

static void add_us(struct hist *h, uint64_t due)
{
	uint64_t now = clock_ns();

	hist_add(h, now > due ? (now - due) / NSEC_PER_USEC : 0, 1);
}

/* ---- the queue of misses ------------------------------------------------------------------ */

static bool push(struct tao *t, const struct tao_miss *m)
{
	bool room;

	pthread_mutex_lock(&t->lock);
	while (t->queued == TAO_QUEUE && !stopping(t))
		pthread_cond_wait(&t->less, &t->lock);
	room = t->queued < TAO_QUEUE;
	if (room) {
		t->queue[(t->head + t->queued++) % TAO_QUEUE] = *m;
		pthread_cond_signal(&t->more);
	}
	pthread_mutex_unlock(&t->lock);
	return room;
}

static bool pop(struct tao *t, struct tao_miss *m)
{
	pthread_mutex_lock(&t->lock);
	while (!t->queued && !stopping(t))
		pthread_cond_wait(&t->more, &t->lock);
	if (stopping(t)) {
		pthread_mutex_unlock(&t->lock);
		return false;
	}
	*m = t->queue[t->head];
	t->head = (t->head + 1) % TAO_QUEUE;
	t->queued--;
	pthread_cond_signal(&t->less);
	pthread_mutex_unlock(&t->lock);
	return true;
}

/* ---- threads --------------------------------------------------------------------------------- */

static void request(struct tao_fast *f, uint64_t due, bool open)
{
	struct tao *t = f->t;
	struct tao_miss m = { .from = f, .key = next_random(&f->rng) % t->keys, .due_ns = due };

	if (tao_cache_get(t, m.key, &f->sum)) {
		add_us(&f->latency_us, due);
		__atomic_store_n(&f->hits, f->hits + 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_store_n(&f->misses, f->misses + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&f->gate, 0, __ATOMIC_SEQ_CST);
	if (push(t, &m) && !open && !stopping(t))
		gate_wait(&f->gate);
}

void *tao_fast_thread(void *fast)
{
	struct tao_fast *f = fast;
	double rate = (double)f->t->values[TAO_RATE] / f->t->nfast;
	uint64_t n, due = clock_ns();

	for (n = 0; !stopping(f->t); n++) {
		if (n % CPU_EVERY == 0)
			cpulist_add(&f->cpus, (unsigned int)sched_getcpu());
		if (rate > 0) {
			due += (uint64_t)(-log(tao_random(&f->rng)) / rate * NSEC_PER_SEC);
			sleep_until(f->t, due);
			if (stopping(f->t))
				break;
		} else {
			due = clock_ns();
		}
		request(f, due, rate > 0);
	}
	return NULL;
}

void *tao_slow_thread(void *slow)
{
	struct tao_slow *s = slow;
	struct tao *t = s->t;
	struct tao_miss m;

	while (pop(t, &m)) {
		sleep_until(t,
			    clock_ns() + tao_slow_ns(&s->rng, (uint64_t)t->values[TAO_SLOW_P99]));
		if (stopping(t))
			break;
		tao_cache_put(t, m.key);
		add_us(&s->latency_us, m.due_ns);
		__atomic_store_n(&s->answered, s->answered + 1, __ATOMIC_RELAXED);
		cpulist_add(&s->cpus, (unsigned int)sched_getcpu());
		if (!t->values[TAO_RATE])
			gate_open(&m.from->gate);
	}
	return NULL;
}
