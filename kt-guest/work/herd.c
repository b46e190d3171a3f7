// SPDX-License-Identifier: GPL-2.0-only
/* Types in which many wait for what few bring. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "futex.h"
#include "work.h"

enum { PRODUCERS, CONSUMERS, EVENTS };  /* EpollStorm */
enum { WAITERS, BATCHES, INTER_BATCH }; /* ThunderingHerd */

#define MEMBERS_MAX 1024

/* ---- EpollStorm: members 0 to producers - 1 produce, each with an eventfd of its own ------- */

/* A producer waits until its burst is eaten: what is under way is bounded, and stamps are true. */
struct burst {
	_Alignas(64) uint32_t left; /* a futex: events that nobody took yet */
	int fd;
	uint64_t stamp;
};

static size_t storm_shared(const int64_t *values)
{
	return (size_t)values[PRODUCERS] * sizeof(struct burst);
}

static unsigned int storm_group(const int64_t *values)
{
	return (unsigned int)(values[PRODUCERS] + values[CONSUMERS]);
}

static int storm_prepare(struct work_group *g)
{
	struct burst *b = g->shared;
	int64_t i;

	for (i = 0; i < g->values[PRODUCERS]; i++) {
		b[i].fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
		if (b[i].fd < 0) {
			b[i].fd = 0;
			return -errno;
		}
	}
	return 0;
}

static void storm_discard(struct work_group *g)
{
	struct burst *b = g->shared;
	int64_t i;

	for (i = 0; i < g->values[PRODUCERS]; i++)
		if (b[i].fd)
			close(b[i].fd);
}

/* Each consumer has an epoll of its own: the kernel wakes one of them for each event. */
static int storm_init(struct work *w)
{
	struct burst *b = w->group->shared;
	struct epoll_event ev = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int *ep;

	if (w->member < w->values[PRODUCERS])
		return 0;
	ep = malloc(sizeof(*ep));
	w->own = ep;
	if (!ep)
		return -ENOMEM;
	*ep = epoll_create1(EPOLL_CLOEXEC);
	if (*ep < 0)
		return -errno;
	for (ev.data.u32 = 0; ev.data.u32 < w->values[PRODUCERS]; ev.data.u32++)
		if (epoll_ctl(*ep, EPOLL_CTL_ADD, b[ev.data.u32].fd, &ev))
			return -errno;
	return 0;
}

static void produce(struct work *w, struct burst *b)
{
	uint64_t one = 1;
	int64_t i;
	uint32_t left;

	__atomic_store_n(&b->left, (uint32_t)w->values[EVENTS], __ATOMIC_RELEASE);
	for (i = 0; i < w->values[EVENTS]; i++) {
		__atomic_store_n(&b->stamp, clock_ns(), __ATOMIC_RELEASE);
		if (write(b->fd, &one, sizeof(one)) != sizeof(one))
			work_failed(w, TM_OTHER);
		w->tm->work_units++;
		work_tick(w);
	}
	work_checkpoint(w);
	while ((left = __atomic_load_n(&b->left, __ATOMIC_ACQUIRE)) && !work_stopped(w))
		futex_wait(&b->left, left, 0);
	work_resumed(w);
}

static void eat(struct work *w, struct burst *b)
{
	uint64_t one;

	while (read(b->fd, &one, sizeof(one)) == sizeof(one)) {
		w->tm->work_units++;
		work_tick(w);
		if (__atomic_sub_fetch(&b->left, 1, __ATOMIC_RELEASE) == 0)
			futex_wake(&b->left, 1);
	}
}

static void consume(struct work *w)
{
	struct burst *b = w->group->shared;
	struct epoll_event ev[16];
	uint64_t since = work_doze(w);
	int n = epoll_wait(*(int *)w->own, ev, 16, -1), i;

	if (n <= 0) {
		work_resumed(w); /* the stop */
		return;
	}
	work_waited(w, since, __atomic_load_n(&b[ev[0].data.u32].stamp, __ATOMIC_ACQUIRE));
	for (i = 0; i < n; i++)
		eat(w, &b[ev[i].data.u32]);
}

static void epoll_storm(struct work *w)
{
	if (w->member < w->values[PRODUCERS])
		produce(w, (struct burst *)w->group->shared + w->member);
	else
		consume(w);
}

/* ---- ThunderingHerd: member 0 wakes all others ---------------------------------------------- */

struct herd {
	_Alignas(64) uint32_t batch; /* a futex */
	uint64_t stamp;
};

static size_t herd_shared(const int64_t *values)
{
	(void)values;
	return sizeof(struct herd);
}

static unsigned int herd_group(const int64_t *values)
{
	return (unsigned int)values[WAITERS] + 1;
}

static int herd_init(struct work *w)
{
	w->own = calloc(1, sizeof(uint32_t)); /* the last batch seen */
	return w->own ? 0 : -ENOMEM;
}

static void drive(struct work *w)
{
	struct herd *h = w->group->shared;
	int64_t i;

	for (i = 0; i < w->values[BATCHES] && !work_stopped(w); i++) {
		__atomic_store_n(&h->stamp, clock_ns(), __ATOMIC_RELEASE);
		__atomic_add_fetch(&h->batch, 1, __ATOMIC_RELEASE);
		futex_wake(&h->batch, INT_MAX);
		w->tm->work_units++;
		work_sleep(w, (uint64_t)w->values[INTER_BATCH]);
	}
}

static void stampede(struct work *w)
{
	struct herd *h = w->group->shared;
	uint32_t *seen = w->own;
	uint64_t since = work_doze(w);
	uint32_t now;

	while ((now = __atomic_load_n(&h->batch, __ATOMIC_ACQUIRE)) == *seen) {
		if (work_stopped(w)) {
			work_resumed(w);
			return;
		}
		futex_wait(&h->batch, *seen, 0);
	}
	*seen = now; /* who is late by more than a batch has missed some */
	work_waited(w, since, __atomic_load_n(&h->stamp, __ATOMIC_ACQUIRE));
	w->tm->work_units++;
}

static void thundering_herd(struct work *w)
{
	if (w->member)
		stampede(w);
	else
		drive(w);
}

const struct work_type work_family_herd[] = {
	{ .name = "EpollStorm",
	  .summary = "producers write bursts of events, for which consumers wait by epoll",
	  .group_of = storm_group,
	  .blocks = true,
	  .params = { [PRODUCERS] = WORK_PARAM_COUNT("producers", 1, 1, MEMBERS_MAX),
		      [CONSUMERS] = WORK_PARAM_COUNT("consumers", 2, 1, MEMBERS_MAX),
		      [EVENTS] = WORK_PARAM_COUNT("events_per_burst", 32, 1, 1000000) },
	  .ops = { .shared = storm_shared,
		   .prepare = storm_prepare,
		   .discard = storm_discard,
		   .init = storm_init,
		   .iterate = epoll_storm } },
	{ .name = "ThunderingHerd",
	  .summary = "a waker wakes all waiters of one futex at once, again and again",
	  .group_of = herd_group,
	  .blocks = true,
	  .params = { [WAITERS] = WORK_PARAM_COUNT("waiters", 7, 1, MEMBERS_MAX),
		      [BATCHES] = WORK_PARAM_COUNT("batches", 1000, 1, WORK_COUNT_MAX),
		      [INTER_BATCH] = WORK_PARAM_DURATION("inter_batch", 5 * NSEC_PER_MSEC) },
	  .ops = { .shared = herd_shared, .init = herd_init, .iterate = thundering_herd } },
	{ .name = NULL },
};
