// SPDX-License-Identifier: GPL-2.0-only
/* Threads of a worker, their wait for CPUs, and a gate to hold one. */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure/file.h"
#include "thread.h"

#define STACK (256 << 10) /* hundreds of threads are no reason for gigabytes */

int thread_start(pthread_t *t, const char *name, void *(*run)(void *), void *arg)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int rc;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(t, &attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc == 0)
		pthread_setname_np(*t, name);
	return -rc;
}

unsigned int thread_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned int)CPU_COUNT(&set);
}

double thread_run_delay(void)
{
	unsigned long long run, wait, slices;
	char buf[96];

	if (file_read("/proc/thread-self/schedstat", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%llu %llu %llu", &run, &wait, &slices) != 3 || !slices)
		return 0;
	return (double)wait / (double)slices;
}

void gate_wait(uint32_t *gate)
{
	while (!__atomic_exchange_n(gate, 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, gate, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

void gate_open(uint32_t *gate)
{
	if (!__atomic_exchange_n(gate, 1, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, gate, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
