// SPDX-License-Identifier: GPL-2.0-only
/* The threads of Schbench. */
#include <sched.h>
#include <string.h>

#include "schbench_threads.h"
#include "work/matrix.h"

#define QUEUE_MAX 128 /* requests that a worker thread has waiting before it gets no more */

static bool stopping(const struct schb *s)
{
	return __atomic_load_n(&s->stopping, __ATOMIC_SEQ_CST);
}

static void nap(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			       .tv_nsec = (long)(ns % NSEC_PER_SEC) };

	if (ns)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

static void add_us(struct hist *h, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t us = to_ns > from_ns ? (to_ns - from_ns) / NSEC_PER_USEC : 0;

	if (us)
		hist_add(h, us, 1);
}

static bool rps_mode(const struct schb *s)
{
	return s->values[SCHB_RPS] || s->values[SCHB_AUTO_RPS];
}

/* ---- message threads ----------------------------------------------------------------------- */

/* One stamp for all that wait: a boss that is preempted by those it wakes shows in theirs. */
static void wake_all(struct schb_thread *b)
{
	struct schb_thread *t = __atomic_exchange_n(&b->next, NULL, __ATOMIC_SEQ_CST), *next;
	size_t bytes = (size_t)b->s->values[SCHB_PIPE];
	uint64_t now = clock_ns();

	for (; t; t = next) {
		next = t->next;
		t->next = NULL;
		if (bytes) {
			memset(t->pipe, 1, bytes);
			now = clock_ns();
		}
		t->woken_ns = now;
		gate_open(&t->gate);
	}
}

static void answer(struct schb_thread *b)
{
	while (!stopping(b->s)) {
		__atomic_store_n(&b->gate, 0, __ATOMIC_SEQ_CST);
		wake_all(b);
		if (!stopping(b->s))
			gate_wait(&b->gate);
	}
	wake_all(b);
}

/* Hands out a second's requests at its start, as fast as the queues take them. */
static void hand_out(struct schb_thread *b, unsigned int *turn)
{
	uint64_t i, n = __atomic_load_n(&b->s->rps, __ATOMIC_RELAXED);
	struct schb_thread *t;

	for (i = 0; i < n && !stopping(b->s); i++) {
		t = &b->crew[(*turn)++ % b->s->workers];
		if (__atomic_load_n(&t->pending, __ATOMIC_SEQ_CST) > QUEUE_MAX) {
			nap(100 * NSEC_PER_USEC);
			continue;
		}
		t->woken_ns = clock_ns();
		__atomic_add_fetch(&t->pending, 1, __ATOMIC_SEQ_CST);
		gate_open(&t->gate);
	}
}

static void dispatch(struct schb_thread *b)
{
	const uint64_t step = 10 * NSEC_PER_MSEC; /* so that the stop is soon seen */
	unsigned int turn = 0;
	uint64_t end, now;

	while (!stopping(b->s)) {
		end = clock_ns() + NSEC_PER_SEC;
		hand_out(b, &turn);
		while ((now = clock_ns()) < end && !stopping(b->s))
			nap(end - now < step ? end - now : step);
	}
}

void *schb_message_thread(void *thread)
{
	struct schb_thread *b = thread;

	if (rps_mode(b->s))
		dispatch(b);
	else
		answer(b);
	b->run_delay_ns = thread_run_delay();
	return NULL;
}

/* ---- worker threads ------------------------------------------------------------------------ */

static void queue_at(struct schb_thread *boss, struct schb_thread *t)
{
	t->next = __atomic_load_n(&boss->next, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&boss->next, &t->next, t, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
}

/* How many requests there are for t; 0 after a wait, at a given rate: look once more. */
static unsigned int ask(struct schb_thread *t)
{
	unsigned int n = 1;

	if (t->pipe)
		memset(t->pipe, 2, (size_t)t->s->values[SCHB_PIPE]);
	__atomic_store_n(&t->gate, 0, __ATOMIC_SEQ_CST);
	t->woken_ns = clock_ns();
	if (rps_mode(t->s)) {
		n = __atomic_exchange_n(&t->pending, 0, __ATOMIC_SEQ_CST);
		if (n)
			return n;
	} else {
		queue_at(t->boss, t);
		gate_open(&t->boss->gate);
	}
	if (!stopping(t->s))
		gate_wait(&t->gate);
	add_us(&t->wakeup_us, t->woken_ns, clock_ns());
	return n;
}

/* Spins: the lock is contended only when its owner was preempted in favour of this thread. */
static struct cpu_lock *lock_this_cpu(struct schb *s)
{
	struct cpu_lock *l;
	unsigned int cpu;

	for (;;) {
		cpu = (unsigned int)sched_getcpu() % s->ncpus;
		l = &s->lock[cpu];
		while (__atomic_exchange_n(&l->taken, true, __ATOMIC_ACQUIRE))
			__builtin_ia32_pause();
		if ((unsigned int)sched_getcpu() % s->ncpus == cpu)
			return l;
		__atomic_store_n(&l->taken, false, __ATOMIC_RELEASE);
	}
}

static void multiply(struct schb *s, uint64_t *matrix, size_t rows, uint64_t times)
{
	size_t row;

	while (times--)
		for (row = 0; row < rows && !stopping(s); row++)
			matrix_row(matrix, rows, row);
}

static void think(struct schb_thread *t)
{
	struct schb *s = t->s;
	struct cpu_lock *l = NULL;

	if (!s->values[SCHB_SKIP_LOCKING])
		l = lock_this_cpu(s);
	multiply(s, s->shared_matrix, s->shared_rows, s->shared_ops);
	multiply(s, t->matrix, s->rows, (uint64_t)s->values[SCHB_OPERATIONS] - s->shared_ops);
	if (l)
		__atomic_store_n(&l->taken, false, __ATOMIC_RELEASE);
}

static void serve(struct schb_thread *t)
{
	uint64_t start = clock_ns();

	if (!t->pipe) {
		nap((uint64_t)t->s->values[SCHB_SLEEP]);
		think(t);
	}
	if (stopping(t->s))
		return; /* cut short: no request */
	__atomic_store_n(&t->loops, t->loops + 1, __ATOMIC_RELAXED);
	add_us(&t->request_us, start, clock_ns());
	cpulist_add(&t->cpus, (unsigned int)sched_getcpu());
}

void *schb_worker_thread(void *thread)
{
	struct schb_thread *t = thread;
	unsigned int n;

	while (!stopping(t->s))
		for (n = ask(t); n && !stopping(t->s); n--)
			serve(t);
	t->run_delay_ns = thread_run_delay();
	return NULL;
}
