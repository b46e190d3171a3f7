// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types that fight for a lock. The plain one is a flag and a slot for each that waits; the
 * other is the kernel's futex with priority inheritance, which hands the lock over: there,
 * one stamp is enough, since the next to stamp is the one who was woken.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sched.h"
#include "wait.h"

enum { MUTEX_CONTENDERS, MUTEX_HOLD, MUTEX_WORK };
enum { INV_HIGH, INV_MEDIUM, INV_LOW, INV_HOLD, INV_WORK, INV_LOCK };
enum { LOCK_PLAIN, LOCK_PI };

#define MEMBERS     1024
#define HIGH_PRIO   3
#define MEDIUM_PRIO 2
#define HIGH_PAUSE  NSEC_PER_MSEC
#define MEDIUM_WORK 16 /* times `work` */
/* A wait for the kernel's lock goes on after a signal: it must end by itself to see the stop. */
#define PI_LOOK (20 * NSEC_PER_MSEC)

static const char *const lock_words[] = { "plain", "pi", NULL };

struct lock {
	uint32_t word; /* taken, or the owner's tid: a futex */
	uint64_t handed;
	struct work_slot slot[];
};

static bool try_plain(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* False: the stop came first. */
static bool lock_plain(struct work *w, struct lock *l)
{
	struct work_slot *me = &l->slot[w->member];

	while (!try_plain(l)) {
		work_slot_arm(me);
		if (try_plain(l)) {
			work_slot_disarm(me);
			break;
		}
		if (!work_slot_sleep(w, me))
			return false;
	}
	return true;
}

static void unlock_plain(struct work *w, struct lock *l)
{
	__atomic_store_n(&l->word, 0, __ATOMIC_SEQ_CST);
	work_slot_wake(l->slot, w->group->n, w->member + 1);
}

static bool lock_pi(struct work *w, struct lock *l)
{
	uint32_t free = 0;
	uint64_t since, until;
	struct timespec ts;

	if (__atomic_compare_exchange_n(&l->word, &free, (uint32_t)gettid(), false,
					__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return true;
	while (!work_stopped(w)) {
		since = work_doze(w);
		until = since + PI_LOOK;
		ts.tv_sec = (time_t)(until / NSEC_PER_SEC);
		ts.tv_nsec = (long)(until % NSEC_PER_SEC);
		if (syscall(SYS_futex, &l->word, FUTEX_LOCK_PI2, 0, &ts, NULL, 0) == 0) {
			work_waited(w, since, __atomic_load_n(&l->handed, __ATOMIC_ACQUIRE));
			return true;
		}
		work_waited(w, since, 0);
	}
	return false;
}

static void unlock_pi(struct lock *l)
{
	uint32_t me = (uint32_t)gettid();

	__atomic_store_n(&l->handed, clock_ns(), __ATOMIC_RELEASE);
	if (!__atomic_compare_exchange_n(&l->word, &me, 0, false, __ATOMIC_RELEASE,
					 __ATOMIC_RELAXED))
		syscall(SYS_futex, &l->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

static unsigned int mutex_group(const int64_t *values)
{
	return (unsigned int)values[MUTEX_CONTENDERS];
}

static size_t mutex_shared(const int64_t *values)
{
	return sizeof(struct lock) + mutex_group(values) * sizeof(struct work_slot);
}

static void mutex_contention(struct work *w)
{
	struct lock *l = w->group->shared;

	work_spin(w, (unsigned int)w->values[MUTEX_WORK]);
	if (!lock_plain(w, l))
		return;
	work_spin(w, (unsigned int)w->values[MUTEX_HOLD]);
	unlock_plain(w, l);
}

static unsigned int inversion_group(const int64_t *values)
{
	return (unsigned int)(values[INV_HIGH] + values[INV_MEDIUM] + values[INV_LOW]);
}

static size_t inversion_shared(const int64_t *values)
{
	return sizeof(struct lock) + inversion_group(values) * sizeof(struct work_slot);
}

static bool is_high(const struct work *w)
{
	return (int64_t)w->member < w->values[INV_HIGH];
}

static bool is_medium(const struct work *w)
{
	return !is_high(w) && (int64_t)w->member < w->values[INV_HIGH] + w->values[INV_MEDIUM];
}

/* The low tier stays what it is: that is the one under the scheduler under test. */
static int inversion_init(struct work *w)
{
	struct sched_attr *before;
	int rc;

	if (!is_high(w) && !is_medium(w))
		return 0;
	before = calloc(1, sizeof(*before));
	w->own = before;
	rc = before ? work_sched_get(before) : -ENOMEM;
	return rc ? rc : work_sched_policy(SCHED_FIFO, is_high(w) ? HIGH_PRIO : MEDIUM_PRIO);
}

static void inversion_fini(struct work *w)
{
	if (w->own)
		work_sched_set(w->own);
	free(w->own);
}

/*
 * Takes no lock: it keeps the low tier, which may hold it, from the CPU. Half of the time
 * only, or a single CPU would have nothing left for anyone else.
 */
static void medium_tier(struct work *w)
{
	uint64_t begin = clock_ns();
	int i;

	for (i = 0; i < MEDIUM_WORK && !work_stopped(w); i++)
		work_spin(w, (unsigned int)w->values[INV_WORK]);
	if (!work_stopped(w))
		work_sleep(w, clock_ns() - begin);
}

static void priority_inversion(struct work *w)
{
	bool pi = w->values[INV_LOCK] == LOCK_PI;
	struct lock *l = w->group->shared;

	if (is_medium(w)) {
		medium_tier(w);
		return;
	}
	if (is_high(w))
		work_sleep(w, HIGH_PAUSE);
	else
		work_spin(w, (unsigned int)w->values[INV_WORK]);
	if (!(pi ? lock_pi(w, l) : lock_plain(w, l)))
		return;
	work_spin(w, (unsigned int)w->values[INV_HOLD]);
	if (pi)
		unlock_pi(l);
	else
		unlock_plain(w, l);
}

const struct work_type work_family_lock[] = {
	{ .name = "MutexContention",
	  .summary = "spins, takes the lock of its group, spins, and releases it",
	  .group_of = mutex_group,
	  .blocks = true,
	  .params = { [MUTEX_CONTENDERS] = WORK_PARAM_COUNT("contenders", 4, 2, MEMBERS),
		      [MUTEX_HOLD] = WORK_PARAM_COUNT("hold", 256, 1, WORK_COUNT_MAX),
		      [MUTEX_WORK] = WORK_PARAM_COUNT("work", 1024, 1, WORK_COUNT_MAX) },
	  .ops = { .shared = mutex_shared, .iterate = mutex_contention } },
	{ .name = "PriorityInversion",
	  .summary = "a high and a low tier share a lock, and a medium one keeps the low from the "
		     "CPU",
	  .group_of = inversion_group,
	  .blocks = true,
	  .params = { [INV_HIGH] = WORK_PARAM_COUNT("high", 1, 1, MEMBERS),
		      [INV_MEDIUM] = WORK_PARAM_COUNT("medium", 1, 0, MEMBERS),
		      [INV_LOW] = WORK_PARAM_COUNT("low", 1, 1, MEMBERS),
		      [INV_HOLD] = WORK_PARAM_COUNT("hold", 4096, 1, WORK_COUNT_MAX),
		      [INV_WORK] = WORK_PARAM_COUNT("work", 1024, 1, WORK_COUNT_MAX),
		      [INV_LOCK] = WORK_PARAM_CHOICE("lock", LOCK_PLAIN, lock_words) },
	  .ops = { .shared = inversion_shared,
		   .init = inversion_init,
		   .iterate = priority_inversion,
		   .fini = inversion_fini } },
	{ .name = NULL },
};
