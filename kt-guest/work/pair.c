// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types in which two workers wake each other. The waker stamps the time into
 * shared memory before it wakes; the latency is from the stamp to the first
 * clock read of the woken. A wait that found its partner already done is no wake-up.
 * Stamps are kept for two rounds: over a pipe, the partner can be one round ahead, no more.
 * The futex's two sides take strict turns, so one stamp is enough (rounds stays 0).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cache.h"
#include "futex.h"
#include "work.h"

enum { SPINS };               /* the one parameter of PipeIo and FutexPingPong */
enum { SIZE, STRIDE, BURST }; /* of CachePipe */

struct pair {
	uint32_t turn;        /* FutexPingPong: whose turn it is; a futex */
	int pipe[2][2];       /* PipeIo: side s reads pipe[s][0] */
	uint64_t rounds[2];   /* PipeIo: of each side; only that side looks */
	uint64_t stamp[2][2]; /* when side s sent its k-th wake-up, at [s][k & 1] */
};

static size_t pair_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct pair);
}

static void stamp(struct work *w)
{
	struct pair *p = w->group->shared;

	__atomic_store_n(&p->stamp[w->member][p->rounds[w->member] & 1], clock_ns(),
			 __ATOMIC_RELEASE);
}

/* Accounts a wait that began at `since`: the partner's stamp of this round says when it was over.
 */
static void waited(struct work *w, uint64_t since)
{
	struct pair *p = w->group->shared;

	work_waited(w, since,
		    __atomic_load_n(&p->stamp[!w->member][p->rounds[w->member] & 1],
				    __ATOMIC_ACQUIRE));
}

static int pipes_open(struct work_group *g)
{
	struct pair *p = g->shared;

	return pipe2(p->pipe[0], O_CLOEXEC) || pipe2(p->pipe[1], O_CLOEXEC) ? -errno : 0;
}

static void pipes_close(struct work_group *g)
{
	struct pair *p = g->shared;
	int i;

	for (i = 0; i < 4; i++)
		if (p->pipe[i / 2][i % 2]) /* descriptor 0 is never a pipe's */
			close(p->pipe[i / 2][i % 2]);
}

static void swap_byte(struct work *w)
{
	struct pair *p = w->group->shared;
	unsigned int side = w->member;
	uint64_t since;
	char c = 0;

	stamp(w);
	/* a byte in flight each way at most: this never blocks, and fails only without a partner */
	if (write(p->pipe[!side][1], &c, 1) != 1)
		work_failed(w, TM_OTHER);
	since = work_doze(w);
	while (read(p->pipe[side][0], &c, 1) != 1)
		if (work_stopped(w)) {
			work_waited(w, since, 0);
			return;
		}
	waited(w, since);
	p->rounds[side]++;
}

static void pipe_io(struct work *w)
{
	work_spin(w, (uint64_t)w->values[SPINS]);
	swap_byte(w);
}

static int cache_pipe_init(struct work *w)
{
	struct cache *c = calloc(1, sizeof(*c));

	w->own = c;
	return c ? cache_init(c, w->values[SIZE], w->values[STRIDE]) : -ENOMEM;
}

static void cache_pipe(struct work *w)
{
	cache_touch(w, w->own, (uint64_t)w->values[BURST]);
	swap_byte(w);
}

/* Side 0 begins. */
static void futex_ping_pong(struct work *w)
{
	uint32_t *turn = &((struct pair *)w->group->shared)->turn;
	uint64_t since = work_doze(w);
	bool slept = false;

	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != w->member) {
		if (work_stopped(w)) {
			work_waited(w, since, 0);
			return;
		}
		slept = true;
		futex_wait(turn, !w->member, 0);
	}
	if (slept)
		waited(w, since);
	work_spin(w, (uint64_t)w->values[SPINS]);
	stamp(w);
	__atomic_store_n(turn, !w->member, __ATOMIC_RELEASE);
	futex_wake(turn, INT_MAX);
}

const struct work_type work_family_pair[] = {
	{ .name = "PipeIo",
	  .summary = "spins, then swaps a byte with its partner through pipes",
	  .group = 2,
	  .blocks = true,
	  .params = { [SPINS] = WORK_PARAM_COUNT("burst_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = pair_shared,
		   .prepare = pipes_open,
		   .discard = pipes_close,
		   .iterate = pipe_io } },
	{ .name = "CachePipe",
	  .summary = "touches a buffer, then swaps a byte with its partner through pipes",
	  .group = 2,
	  .blocks = true,
	  .params = { [SIZE] = WORK_PARAM_SIZE("size", 32 << 10, 64, CACHE_SIZE_MAX),
		      [STRIDE] = WORK_PARAM_SIZE("stride", 64, 1, CACHE_SIZE_MAX),
		      [BURST] = WORK_PARAM_COUNT("burst_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = pair_shared,
		   .prepare = pipes_open,
		   .discard = pipes_close,
		   .init = cache_pipe_init,
		   .iterate = cache_pipe } },
	{ .name = "FutexPingPong",
	  .summary = "spins, then wakes its partner through a futex and waits for its turn",
	  .group = 2,
	  .blocks = true,
	  .params = { [SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = pair_shared, .iterate = futex_ping_pong } },
	{ .name = NULL },
};
