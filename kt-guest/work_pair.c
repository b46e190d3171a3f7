// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types in which two workers wake each other. The waker stamps the time into
 * shared memory before it wakes; the latency is from the stamp to the first
 * clock read of the woken. A wait that found its partner already done is no wake-up.
 * Stamps are kept for two rounds: over a pipe, the partner can be one round ahead, no more.
 * The futex's two sides take strict turns, so one stamp is enough (rounds stays 0).
 */
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record.h"
#include "work.h"

static void stamp(struct work *w)
{
	__atomic_store_n(&w->pair->stamp[w->side][w->rounds & 1], tm_now(), __ATOMIC_RELEASE);
}

/* Accounts a wait that began at `since`: the partner's stamp of this round says when it was over.
 */
static void waited(struct work *w, uint64_t since)
{
	uint64_t sent = __atomic_load_n(&w->pair->stamp[!w->side][w->rounds & 1], __ATOMIC_ACQUIRE);
	uint64_t now = tm_now();

	if (sent >= since)
		tm_woken(w->tm, sent, now, sched_getcpu());
	else
		tm_mark(w->tm, now, sched_getcpu());
}

static int pipe_init(struct work *w)
{
	w->spins = (unsigned int)rec_get_int(w->params, "burst_iters", WORK_SPINS);
	return 0;
}

static void pipe_io(struct work *w)
{
	struct work_pair *p = w->pair;
	uint64_t since;
	char c = 0;

	work_spin(w, w->spins);
	stamp(w);
	/* a byte in flight each way at most: this never blocks, and fails only without a partner */
	(void)!write(p->pipe[!w->side][1], &c, 1);
	since = tm_now();
	while (read(p->pipe[w->side][0], &c, 1) != 1)
		if (work_stopped(w)) {
			tm_resume(w->tm, tm_now(), sched_getcpu());
			return;
		}
	waited(w, since);
	w->rounds++;
}

static int futex_init(struct work *w)
{
	w->spins = (unsigned int)rec_get_int(w->params, "spin_iters", WORK_SPINS);
	return 0;
}

/* Side 0 begins. */
static void futex_ping_pong(struct work *w)
{
	uint32_t *turn = &w->pair->turn;
	uint64_t since = tm_now();
	bool slept = false;

	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != w->side) {
		if (work_stopped(w)) {
			tm_resume(w->tm, tm_now(), sched_getcpu());
			return;
		}
		slept = true;
		syscall(SYS_futex, turn, FUTEX_WAIT, !w->side, NULL, NULL, 0);
	}
	if (slept)
		waited(w, since);
	work_spin(w, w->spins);
	stamp(w);
	__atomic_store_n(turn, !w->side, __ATOMIC_RELEASE);
	syscall(SYS_futex, turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

const struct work_ops work_pipe_io = { .init = pipe_init, .iterate = pipe_io, .pipes = true };
const struct work_ops work_futex_ping_pong = { .init = futex_init, .iterate = futex_ping_pong };
