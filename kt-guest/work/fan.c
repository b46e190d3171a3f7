// SPDX-License-Identifier: GPL-2.0-only
/*
 * One messenger wakes many receivers at once through one futex: member 0 is the messenger.
 * A round begins when all receivers are ready to wait for it: each of its wake-ups is one,
 * none is lost, and the messenger never runs ahead.
 */
#include <stdlib.h>

#include "futex.h"
#include "matrix.h"
#include "work.h"

enum { FAN_OUT, SPINS };                                  /* FutexFanOut */
enum { /* FAN_OUT, */ FOOTPRINT = 1, OPERATIONS, SLEEP }; /* FanOutCompute */

#define FAN_MAX 1024

struct fan {
	_Alignas(64) uint32_t round; /* a futex: counts broadcasts */
	_Alignas(64) uint32_t ready; /* a futex: receivers that are about to wait */
	uint64_t stamp;              /* when it was sent */
};

struct receiver {
	uint32_t seen; /* the last round */
	size_t rows;
	uint64_t *matrix;
};

static size_t fan_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct fan);
}

static unsigned int fan_group(const int64_t *values)
{
	return (unsigned int)values[FAN_OUT] + 1;
}

/* Waits until all are ready, then wakes them. */
static void broadcast(struct work *w)
{
	struct fan *f = w->group->shared;
	uint32_t ready, all = w->group->n - 1;

	work_checkpoint(w);
	while ((ready = __atomic_load_n(&f->ready, __ATOMIC_ACQUIRE)) < all) {
		if (work_stopped(w)) {
			work_resumed(w);
			return;
		}
		futex_wait(&f->ready, ready, 0);
	}
	work_resumed(w);
	__atomic_store_n(&f->ready, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->stamp, clock_ns(), __ATOMIC_RELEASE);
	__atomic_add_fetch(&f->round, 1, __ATOMIC_RELEASE);
	futex_wake(&f->round, INT_MAX);
	w->tm->work_units++;
	work_tick(w);
}

/* Waits for the next round; false: for the stop. */
static bool receive(struct work *w)
{
	struct receiver *r = w->own;
	struct fan *f = w->group->shared;
	uint64_t since = work_doze(w);

	if (__atomic_add_fetch(&f->ready, 1, __ATOMIC_ACQ_REL) == w->group->n - 1)
		futex_wake(&f->ready, 1);
	while (__atomic_load_n(&f->round, __ATOMIC_ACQUIRE) == r->seen) {
		if (work_stopped(w)) {
			work_resumed(w);
			return false;
		}
		futex_wait(&f->round, r->seen, 0);
	}
	r->seen++;
	work_waited(w, since, __atomic_load_n(&f->stamp, __ATOMIC_ACQUIRE));
	return true;
}

static int receiver_init(struct work *w)
{
	w->own = calloc(1, sizeof(struct receiver));
	return w->own ? 0 : -ENOMEM;
}

static void futex_fan_out(struct work *w)
{
	if (w->member) {
		if (receive(w))
			work_spin(w, (uint64_t)w->values[SPINS]);
		return;
	}
	work_spin(w, (uint64_t)w->values[SPINS]);
	broadcast(w);
}

static int compute_init(struct work *w)
{
	struct receiver *r;

	if (receiver_init(w))
		return -ENOMEM;
	r = w->own;
	r->rows = matrix_rows((uint64_t)w->values[FOOTPRINT]);
	r->matrix = calloc(1, matrix_bytes(r->rows));
	return r->matrix ? 0 : -ENOMEM;
}

static void compute(struct work *w)
{
	struct receiver *r = w->own;
	int64_t op;
	size_t row;

	for (op = 0; op < w->values[OPERATIONS] && !work_stopped(w); op++) {
		for (row = 0; row < r->rows && !work_stopped(w); row++) {
			matrix_row(r->matrix, r->rows, row);
			work_tick(w);
		}
		w->tm->work_units++;
	}
}

static void fan_out_compute(struct work *w)
{
	if (!w->member) {
		broadcast(w);
		return;
	}
	if (!receive(w))
		return;
	work_sleep(w, (uint64_t)w->values[SLEEP]);
	compute(w);
}

const struct work_type work_family_fan[] = {
	{ .name = "FutexFanOut",
	  .summary = "a messenger wakes fan_out receivers at once; all spin between",
	  .group_of = fan_group,
	  .blocks = true,
	  .params = { [FAN_OUT] = WORK_PARAM_COUNT("fan_out", 4, 1, FAN_MAX),
		      [SPINS] = WORK_PARAM_COUNT("spin_iters", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = fan_shared, .init = receiver_init, .iterate = futex_fan_out } },
	{ .name = "FanOutCompute",
	  .summary = "a messenger wakes fan_out receivers, which sleep, then multiply matrices",
	  .group_of = fan_group,
	  .blocks = true,
	  .params = { [FAN_OUT] = WORK_PARAM_COUNT("fan_out", 4, 1, FAN_MAX),
		      [FOOTPRINT] = WORK_PARAM_SIZE("footprint", 256 << 10, 1 << 10, 1 << 24),
		      [OPERATIONS] = WORK_PARAM_COUNT("operations", 5, 1, 1000000),
		      [SLEEP] = WORK_PARAM_DURATION("sleep", 100 * NSEC_PER_USEC) },
	  .ops = { .shared = fan_shared, .init = compute_init, .iterate = fan_out_compute } },
	{ .name = NULL },
};
