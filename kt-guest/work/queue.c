// SPDX-License-Identifier: GPL-2.0-only
/* Producers and consumers of one queue that do not fit each other. */
#include <errno.h>
#include <stdlib.h>

#include "wait.h"

enum { PRODUCERS, CONSUMERS, RATE, CONSUME, TARGET };

#define MEMBERS 1024

struct queue {
	uint32_t depth;
	struct work_slot slot[]; /* those of the producers first */
};

static unsigned int queue_group(const int64_t *values)
{
	return (unsigned int)(values[PRODUCERS] + values[CONSUMERS]);
}

static size_t queue_shared(const int64_t *values)
{
	return sizeof(struct queue) + queue_group(values) * sizeof(struct work_slot);
}

static int queue_init(struct work *w)
{
	w->own = calloc(1, sizeof(uint64_t)); /* when a producer makes its next item */
	return w->own ? 0 : -ENOMEM;
}

static void queue_fini(struct work *w)
{
	free(w->own);
}

static bool put(struct queue *q, uint32_t target)
{
	uint32_t n = __atomic_load_n(&q->depth, __ATOMIC_SEQ_CST);

	while (n < target)
		if (__atomic_compare_exchange_n(&q->depth, &n, n + 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	return false;
}

static bool take(struct queue *q, uint32_t unused)
{
	uint32_t n = __atomic_load_n(&q->depth, __ATOMIC_SEQ_CST);

	(void)unused;
	while (n > 0)
		if (__atomic_compare_exchange_n(&q->depth, &n, n - 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			return true;
	return false;
}

/* Does `step` as soon as it can be done; false: the stop came first. */
static bool do_when(struct work *w, bool (*step)(struct queue *, uint32_t))
{
	uint32_t target = (uint32_t)w->values[TARGET];
	struct queue *q = w->group->shared;
	struct work_slot *me = &q->slot[w->member];

	while (!step(q, target)) {
		work_slot_arm(me);
		if (step(q, target)) {
			work_slot_disarm(me);
			break;
		}
		if (!work_slot_sleep(w, me))
			return false;
	}
	return true;
}

static void produce(struct work *w)
{
	unsigned int producers = (unsigned int)w->values[PRODUCERS];
	uint64_t gap = NSEC_PER_SEC / (uint64_t)w->values[RATE];
	struct queue *q = w->group->shared;
	uint64_t *due = w->own, now = clock_ns();

	/* one that waited for room does not catch up */
	*due = *due && *due + gap > now ? *due + gap : now + gap;
	work_sleep_until(w, *due);
	if (work_stopped(w) || !do_when(w, put))
		return;
	w->tm->work_units++;
	work_slot_wake(q->slot + producers, w->group->n - producers, 0);
}

static void consume(struct work *w)
{
	struct queue *q = w->group->shared;

	if (!do_when(w, take))
		return;
	work_slot_wake(q->slot, (unsigned int)w->values[PRODUCERS], 0);
	work_spin(w, (unsigned int)w->values[CONSUME]);
}

static void imbalance(struct work *w)
{
	if ((int64_t)w->member < w->values[PRODUCERS])
		produce(w);
	else
		consume(w);
}

const struct work_type work_family_queue[] = {
	{ .name = "ProducerConsumerImbalance",
	  .summary = "producers fill a queue at a rate, and consumers spin for each item",
	  .group_of = queue_group,
	  .blocks = true,
	  .params = { [PRODUCERS] = WORK_PARAM_COUNT("producers", 2, 1, MEMBERS),
		      [CONSUMERS] = WORK_PARAM_COUNT("consumers", 1, 1, MEMBERS),
		      [RATE] = WORK_PARAM_COUNT("rate_hz", 1000, 1, 1000000),
		      [CONSUME] = WORK_PARAM_COUNT("consume_iters", 4096, 1, WORK_COUNT_MAX),
		      [TARGET] = WORK_PARAM_COUNT("queue_target", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = queue_shared,
		   .init = queue_init,
		   .iterate = imbalance,
		   .fini = queue_fini } },
	{ .name = NULL },
};
