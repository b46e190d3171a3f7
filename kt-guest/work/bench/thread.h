/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_BENCH_THREAD_H
#define KT_GUEST_WORK_BENCH_THREAD_H

#include <pthread.h>

#include "work/work.h"

/*
 * For types whose worker has threads of its own. They are started at the first iteration,
 * when the worker's cgroup, CPUs and policy are in force, which they inherit. Signals stay
 * with the worker.
 */
int thread_start(pthread_t *t, const char *name, void *(*run)(void *), void *arg);
/* CPUs that this thread may run on. */
unsigned int thread_cpus(void);
/* Average wait for a CPU of the calling thread since it was born, in ns. */
double thread_run_delay(void);

/* A futex as a gate for one sleeper of the same process: 1 is open; passing closes it. */
void gate_wait(uint32_t *gate);
void gate_open(uint32_t *gate);

#endif
