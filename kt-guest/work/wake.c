// SPDX-License-Identifier: GPL-2.0-only
/* Types in which each wake-up causes the next: a ring of workers, and a pair of unlike ones. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "futex.h"
#include "work.h"

enum { DEPTH, WAKE, PER_HOP }; /* WakeChain */
enum { WAKER, WAKEE, BURST };  /* AsymmetricWaker */
enum { BY_PIPE, BY_FUTEX };    /* WAKE */

#define DEPTH_MAX 1024

/* ---- WakeChain: a token goes round; who has it works, then passes it on ------------------- */

struct hop {
	_Alignas(64) uint32_t token; /* a futex: 1 while it is this worker's turn */
	int pipe[2];
	uint64_t stamp; /* when it was sent here */
};

struct chain {
	bool begun; /* member 0 has made the first hop, which nobody woke */
	struct hop hop[];
};

static size_t chain_shared(const int64_t *values)
{
	return sizeof(struct chain) + (size_t)values[DEPTH] * sizeof(struct hop);
}

static unsigned int chain_group(const int64_t *values)
{
	return (unsigned int)values[DEPTH];
}

static int chain_prepare(struct work_group *g)
{
	struct chain *c = g->shared;
	unsigned int i;

	for (i = 0; g->values[WAKE] == BY_PIPE && i < g->n; i++)
		if (pipe2(c->hop[i].pipe, O_CLOEXEC))
			return -errno;
	return 0;
}

static void chain_discard(struct work_group *g)
{
	struct chain *c = g->shared;
	unsigned int i;

	for (i = 0; i < g->n; i++)
		if (c->hop[i].pipe[0]) {
			close(c->hop[i].pipe[0]);
			close(c->hop[i].pipe[1]);
		}
}

static bool token_arrives(struct work *w, struct hop *h)
{
	char byte;

	if (w->values[WAKE] == BY_PIPE)
		return read(h->pipe[0], &byte, 1) == 1;
	if (__atomic_exchange_n(&h->token, 0, __ATOMIC_ACQUIRE))
		return true;
	futex_wait(&h->token, 0, 0);
	return false;
}

static void pass_token(struct work *w, struct hop *to)
{
	__atomic_store_n(&to->stamp, clock_ns(), __ATOMIC_RELEASE);
	if (w->values[WAKE] == BY_PIPE) {
		if (write(to->pipe[1], "", 1) != 1) /* never blocks: there is but one token */
			work_failed(w, TM_OTHER);
		return;
	}
	__atomic_store_n(&to->token, 1, __ATOMIC_RELEASE);
	futex_wake(&to->token, 1);
}

static void wake_chain(struct work *w)
{
	struct chain *c = w->group->shared;
	struct hop *h = &c->hop[w->member];
	uint64_t since = work_doze(w);

	if (w->member || c->begun) {
		while (!token_arrives(w, h))
			if (work_stopped(w)) {
				work_resumed(w);
				return;
			}
		work_waited(w, since, __atomic_load_n(&h->stamp, __ATOMIC_ACQUIRE));
	}
	if (!w->member)
		c->begun = true;
	work_spin_for(w, (uint64_t)w->values[PER_HOP]);
	pass_token(w, &c->hop[(w->member + 1) % w->group->n]);
}

/* ---- AsymmetricWaker: member 0 of one scheduling class wakes member 1 of another ---------- */

struct unlike {
	_Alignas(64) uint32_t turn; /* a futex: whose it is */
	uint64_t stamp;
};

static const char *const classes[] = { "normal", "batch", "idle", "fifo", "rr", NULL };
static const int policies[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO, SCHED_RR };

static size_t unlike_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct unlike);
}

static const char *unlike_conflict(const int64_t *values)
{
	return values[WAKER] == values[WAKEE] ? "\"waker\" and \"wakee\" are the same class" : NULL;
}

static int set_class(int policy)
{
	struct sched_param p = { .sched_priority =
					 policy == SCHED_FIFO || policy == SCHED_RR ? 1 : 0 };

	return sched_setscheduler(0, policy, &p) ? -errno : 0;
}

static int unlike_init(struct work *w)
{
	return set_class(policies[w->values[w->member ? WAKEE : WAKER]]);
}

static void asymmetric_waker(struct work *w)
{
	struct unlike *u = w->group->shared;
	uint64_t since = work_doze(w);
	bool slept = false;

	while (__atomic_load_n(&u->turn, __ATOMIC_ACQUIRE) != w->member) {
		if (work_stopped(w)) {
			work_resumed(w);
			return;
		}
		slept = true;
		futex_wait(&u->turn, !w->member, 0);
	}
	if (slept)
		work_waited(w, since, __atomic_load_n(&u->stamp, __ATOMIC_ACQUIRE));
	work_spin(w, (uint64_t)w->values[BURST]);
	__atomic_store_n(&u->stamp, clock_ns(), __ATOMIC_RELEASE);
	__atomic_store_n(&u->turn, !w->member, __ATOMIC_RELEASE);
	futex_wake(&u->turn, 1);
}

static void unlike_fini(struct work *w)
{
	(void)w;
	set_class(SCHED_OTHER);
}

static const char *const wakes[] = { "pipe", "futex", NULL };

const struct work_type work_family_wake[] = {
	{ .name = "WakeChain",
	  .summary = "in a ring of depth workers, each works a while, then wakes the next",
	  .group_of = chain_group,
	  .blocks = true,
	  .params = { [DEPTH] = WORK_PARAM_COUNT("depth", 4, 2, DEPTH_MAX),
		      [WAKE] = WORK_PARAM_CHOICE("wake", BY_PIPE, wakes),
		      [PER_HOP] = WORK_PARAM_DURATION("work_per_hop", 100 * NSEC_PER_USEC) },
	  .ops = { .shared = chain_shared,
		   .prepare = chain_prepare,
		   .discard = chain_discard,
		   .iterate = wake_chain } },
	{ .name = "AsymmetricWaker",
	  .summary = "spins, then wakes its partner, which is of another scheduling class",
	  .group = 2,
	  .blocks = true,
	  .conflict = unlike_conflict,
	  .params = { [WAKER] = WORK_PARAM_CHOICE("waker", 3, classes),
		      [WAKEE] = WORK_PARAM_CHOICE("wakee", 0, classes),
		      [BURST] = WORK_PARAM_COUNT("burst_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = unlike_shared,
		   .init = unlike_init,
		   .iterate = asymmetric_waker,
		   .fini = unlike_fini } },
	{ .name = NULL },
};
