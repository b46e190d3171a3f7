/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_BENCH_SCHBENCH_THREADS_H
#define KT_GUEST_WORK_BENCH_SCHBENCH_THREADS_H

#include "thread.h"

/*
 * schbench, by its definitions: message threads wake worker threads. A worker asks its
 * message thread for the next request and sleeps; the time from the stamp of the wake-up
 * (one stamp for all that the message thread wakes at once) until it runs is a wake-up
 * latency. Then it sleeps as long as a network would let it wait and multiplies matrices
 * under the lock of its CPU: from before that sleep to the end is a request latency.
 * Latencies are whole microseconds; those of none are not counted.
 */
enum {
	SCHB_MESSAGE_THREADS,
	SCHB_WORKER_THREADS,
	SCHB_FOOTPRINT,
	SCHB_OPERATIONS,
	SCHB_SLEEP,
	SCHB_SKIP_LOCKING,
	SCHB_RPS,
	SCHB_AUTO_RPS,
	SCHB_SPLIT,
	SCHB_PIPE,
};

struct schb;

struct schb_thread {
	struct schb *s;
	pthread_t thread;
	bool started;
	uint32_t gate;
	uint64_t woken_ns;        /* when the message thread woke it */
	struct schb_thread *boss; /* of a worker thread: its message thread */
	struct schb_thread *next; /* in the list of those that wait for the boss */
	struct schb_thread *crew; /* of a message thread: its worker threads */
	unsigned int pending;     /* requests that wait for this worker thread */
	uint64_t loops;
	double run_delay_ns;
	struct hist wakeup_us, request_us;
	struct cpulist cpus;
	uint64_t *matrix;
	char *pipe;
};

struct schb {
	const int64_t *values;
	bool stopping;
	unsigned int bosses, workers; /* workers: of each boss */
	struct schb_thread *boss, *worker;
	uint64_t rps; /* now wanted of each boss; 0: as fast as they can */
	size_t rows, shared_rows;
	uint64_t shared_ops;
	uint64_t *shared_matrix;
	unsigned int ncpus;
	struct cpu_lock {
		_Alignas(64) bool taken;
	} * lock;
};

void *schb_message_thread(void *thread);
void *schb_worker_thread(void *thread);

#endif
