// SPDX-License-Identifier: GPL-2.0-only
/* The pieces that work types are made of, and how each is accounted. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <unistd.h>

#include "measure/file.h"
#include "work.h"

#define DOZE_FRESH (100 * NSEC_PER_USEC) /* a reading that old is good enough before a wait */
#define WAKE_SHORT (50 * NSEC_PER_USEC)  /* a latency below is not worth a reading */

/* Where the kernel keeps the CPU number of this thread up to date; else a number that stays. */
static const volatile uint32_t *cpu_number(void)
{
	static const volatile uint32_t none;

	if (!__rseq_size)
		return &none;
	return &((struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset))->cpu_id;
}

static bool read_delay(const struct work *w, uint64_t *wait_ns, uint64_t *slices)
{
	char buf[96], *p = buf;
	ssize_t n = w->delay.fd < 0 ? -1 : pread(w->delay.fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return false;
	buf[n] = '\0';
	strtoull(p, &p, 10);
	*wait_ns = strtoull(p, &p, 10);
	*slices = strtoull(p, &p, 10);
	return true;
}

/* How often this thread has gone to sleep; preempted ones and those that yield have not. */
static long sleeps(void)
{
	struct rusage u;

	return getrusage(RUSAGE_THREAD, &u) ? 0 : u.ru_nvcsw;
}

/* What was added since the last reading; false: not to be had. */
static bool take_delay(struct work *w, uint64_t now, uint64_t *wait, uint64_t *slices)
{
	uint64_t wait_ns, n;

	w->delay.due = false;
	w->delay.at = now;
	if (!read_delay(w, &wait_ns, &n))
		return false;
	*wait = wait_ns - w->delay.wait_ns;
	*slices = n - w->delay.slices;
	w->delay.wait_ns = wait_ns;
	w->delay.slices = n;
	telemetry_delay(w->tm, *wait, *slices, now, w->tm->cpu);
	return true;
}

/* Because it seemed to be off the CPU: was it? */
static void sample_delay(struct work *w, uint64_t now)
{
	uint64_t wait, slices;

	if (!take_delay(w, now, &wait, &slices))
		return;
	if (slices)
		tick_alarm(&w->tick);
	else
		tick_calm(&w->tick);
}

void work_open(struct work *w)
{
	w->cpu = cpu_number();
	w->delay.fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	read_delay(w, &w->delay.wait_ns, &w->delay.slices);
	w->delay.sleeps = sleeps();
}

void work_begin(struct work *w, uint64_t start_ns, uint64_t seed)
{
	memset(&w->tick, 0, sizeof(w->tick));
	telemetry_start(w->tm, start_ns, seed);
	w->tm->start_delay_ns = clock_ns() - start_ns;
	w->tm->state = TM_RUNNING;
	w->delay.due = true; /* the way from the gate to here */
	work_checkpoint(w);
}

void work_end(struct work *w)
{
	work_checkpoint(w);
	sample_delay(w, w->tm->last_ns);
	w->tm->stop_ns = w->tm->last_ns;
	if (w->delay.fd >= 0)
		close(w->delay.fd);
}

/* Behind each measurement: the ticks go on from here; was the worker off the CPU? */
static uint64_t settle(struct work *w, uint64_t now, bool off)
{
	w->delay.due |= off;
	if (w->delay.due && now - w->delay.at >= TM_DELAY_EVERY) {
		sample_delay(w, now);
		now = clock_ns();
		telemetry_mark(w->tm, now, sched_getcpu());
	}
	tick_sync(&w->tick, now, work_cycles(), *w->cpu);
	return now;
}

uint64_t work_checkpoint(struct work *w)
{
	struct telemetry *t = w->tm;
	uint64_t ticked = w->tick.near ? tick_time(&w->tick) : 0, now = clock_ns();
	bool off;

	if (ticked > t->last_ns)
		t->last_ns = ticked < now ? ticked : now;
	off = now - t->last_ns >= tick_near_ns(&w->tick);
	telemetry_mark(t, now, sched_getcpu());
	return settle(w, now, off);
}

uint64_t work_doze(struct work *w)
{
	uint64_t now = clock_ns(), wait, slices;

	if (now - w->delay.at >= DOZE_FRESH) {
		take_delay(w, now, &wait, &slices);
		w->delay.sleeps = sleeps();
	}
	return work_checkpoint(w);
}

/*
 * Accounts a wake-up at `now` by the kernel's books. One that never slept was not woken: what it
 * was to wait for had come, perhaps while it was preempted on its way there.
 */
static uint64_t woken(struct work *w, uint64_t due, uint64_t now)
{
	uint64_t wait = UINT64_MAX, slices;
	long before = w->delay.sleeps;
	int cpu = sched_getcpu();

	take_delay(w, now, &wait, &slices);
	w->delay.sleeps = sleeps();
	if (w->delay.sleeps != before)
		telemetry_woken(w->tm, telemetry_latency(wait, due, now), now, cpu);
	now = clock_ns();
	telemetry_mark(w->tm, now, cpu);
	return settle(w, now, false);
}

uint64_t work_woken(struct work *w, uint64_t sent)
{
	uint64_t now = clock_ns(), since = now > sent ? now - sent : 0;

	if (since >= WAKE_SHORT)
		return woken(w, sent, now);
	telemetry_woken(w->tm, since, now, sched_getcpu());
	return settle(w, now, true);
}

uint64_t work_due(struct work *w, uint64_t due)
{
	uint64_t now = clock_ns();

	telemetry_late(w->tm, due, now, sched_getcpu());
	return woken(w, due, now);
}

uint64_t work_resumed(struct work *w)
{
	uint64_t now = clock_ns();

	telemetry_resume(w->tm, now, sched_getcpu());
	return settle(w, now, true);
}

uint64_t work_waited(struct work *w, uint64_t since, uint64_t sent)
{
	if (!sent)
		return work_resumed(w);
	if (sent >= since)
		return work_woken(w, sent);
	return work_checkpoint(w); /* it was over before it began: no wake-up */
}

void work_failed(struct work *w, enum telemetry_failure what)
{
	if (!work_stopped(w))
		telemetry_failed(w->tm, what, errno);
}

/* pids.max of its cgroup or of one above it. */
static bool limited(const char *cgroup)
{
	char path[PATH_MAX], max[32];
	int len = snprintf(path, sizeof(path) - 16, "%s", cgroup);

	while (len > 0 && len < (int)sizeof(path) - 16) {
		snprintf(path + len, 16, "/pids.max");
		if (file_read_line(path, max, sizeof(max)) >= 0 && strcmp(max, "max") != 0)
			return true;
		path[len] = '\0';
		len = strrchr(path, '/') ? (int)(strrchr(path, '/') - path) : 0;
	}
	return false;
}

void work_fork_failed(struct work *w)
{
	int error = errno;

	if (!w->limited)
		w->limited = limited(w->cgroup) ? 1 : -1;
	errno = error;
	if (w->limited < 0 || error != EAGAIN)
		work_failed(w, TM_FORK);
	sched_yield();
	work_checkpoint(w);
}

void work_spin(struct work *w, uint64_t spins)
{
	uint64_t i, n;

	do {
		n = spins < WORK_SPINS ? spins : WORK_SPINS;
		for (i = n; i; i--)
			__builtin_ia32_pause();
		w->tm->work_units += n;
		spins -= n;
		work_tick(w);
	} while (spins && !work_stopped(w));
}

void work_yield(struct work *w)
{
	sched_yield();
	w->tm->work_units++;
	w->delay.due = true;
	work_tick(w);
}

uint64_t work_sleep_until(struct work *w, uint64_t due)
{
	struct timespec ts = { .tv_sec = (time_t)(due / NSEC_PER_SEC),
			       .tv_nsec = (long)(due % NSEC_PER_SEC) };

	work_doze(w);
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
	if (errno) {
		work_failed(w, TM_OTHER); /* unless it is a signal's, such as the stop's */
		return work_resumed(w);
	}
	return work_due(w, due);
}

uint64_t work_sleep(struct work *w, uint64_t ns)
{
	return work_sleep_until(w, clock_ns() + ns);
}

void work_spin_for(struct work *w, uint64_t ns)
{
	uint64_t end = clock_ns() + ns;

	do
		work_spin(w, WORK_SPINS);
	while (clock_ns() < end && !work_stopped(w));
}
