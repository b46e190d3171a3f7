/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_WORK_FUTEX_H
#define KT_GUEST_WORK_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "units.h"

/* Futexes in shared memory. A wait may end for no reason; ns 0: without a time limit. */
static inline int futex_wait(uint32_t *f, uint32_t is, uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NSEC_PER_SEC),
			       .tv_nsec = (long)(ns % NSEC_PER_SEC) };

	return syscall(SYS_futex, f, FUTEX_WAIT, is, ns ? &ts : NULL, NULL, 0) ? -errno : 0;
}

static inline void futex_wake(uint32_t *f, int n)
{
	syscall(SYS_futex, f, FUTEX_WAKE, n, NULL, NULL, 0);
}

#endif
