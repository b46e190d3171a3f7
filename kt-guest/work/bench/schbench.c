// SPDX-License-Identifier: GPL-2.0-only
/*
 * Schbench as a work type: the worker starts the threads, samples the rate each second, steers
 * it if it is to fill the CPUs to a degree, and adds all up in the end.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure/file.h"
#include "schbench_threads.h"
#include "work/matrix.h"

#define THREADS_MAX 4096
#define LOOK_EVERY  (100 * NSEC_PER_MSEC)
#define AUTO_START  10 /* requests per second to begin with */

struct schbench {
	struct schb s;
	bool started;
	uint64_t start_ns, second_ns, loops; /* the last full second began, with these loops */
	uint64_t busy, total;                /* of /proc/stat */
	bool on_target;
	uint64_t goal; /* requests per second, of all message threads */
	struct hist rps;
};

static uint64_t loops_of(const struct schb *s)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < s->bosses * s->workers; i++)
		sum += __atomic_load_n(&s->worker[i].loops, __ATOMIC_RELAXED);
	return sum;
}

static void set_goal(struct schbench *b, uint64_t goal)
{
	b->goal = goal;
	__atomic_store_n(&b->s.rps, (goal + b->s.bosses - 1) / b->s.bosses, __ATOMIC_RELAXED);
}

/* What part of the footprint, and of the operations, is the threads' own or common to all. */
static int make_matrices(struct schb *s)
{
	uint64_t footprint = (uint64_t)s->values[SCHB_FOOTPRINT];
	uint64_t own_pct = (uint64_t)s->values[SCHB_SPLIT];
	uint64_t ops = (uint64_t)s->values[SCHB_OPERATIONS];
	unsigned int i;

	s->rows = matrix_rows(footprint * own_pct / 100);
	s->shared_rows = matrix_rows(footprint * (100 - own_pct) / 100);
	s->shared_ops = ops - ops * own_pct / 100;
	s->shared_matrix = calloc(1, matrix_bytes(s->shared_rows) + 1);
	if (!s->shared_matrix)
		return -ENOMEM;
	for (i = 0; i < s->bosses * s->workers; i++) {
		s->worker[i].matrix = calloc(1, matrix_bytes(s->rows) + 1);
		if (s->values[SCHB_PIPE])
			s->worker[i].pipe = malloc((size_t)s->values[SCHB_PIPE]);
		if (!s->worker[i].matrix || (s->values[SCHB_PIPE] && !s->worker[i].pipe))
			return -ENOMEM;
	}
	return 0;
}

static int make_threads(struct schb *s)
{
	unsigned int i, n;

	s->bosses = (unsigned int)s->values[SCHB_MESSAGE_THREADS];
	s->workers = (unsigned int)s->values[SCHB_WORKER_THREADS];
	if (!s->workers)
		s->workers = (thread_cpus() + s->bosses - 1) / s->bosses;
	n = s->bosses * s->workers;
	s->ncpus = (unsigned int)sysconf(_SC_NPROCESSORS_CONF);
	s->lock = aligned_alloc(64, s->ncpus * sizeof(*s->lock));
	s->boss = calloc(s->bosses, sizeof(*s->boss));
	s->worker = calloc(n, sizeof(*s->worker));
	if (!s->lock || !s->boss || !s->worker)
		return -ENOMEM;
	for (i = 0; i < s->ncpus; i++)
		s->lock[i].taken = false;
	for (i = 0; i < s->bosses; i++) {
		s->boss[i].s = s;
		s->boss[i].crew = &s->worker[i * s->workers];
	}
	for (i = 0; i < n; i++) {
		s->worker[i].s = s;
		s->worker[i].boss = &s->boss[i / s->workers];
	}
	return make_matrices(s);
}

static int start_all(struct schb *s)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < s->bosses * s->workers; i++) {
		rc = thread_start(&s->worker[i].thread, "schb-worker", schb_worker_thread,
				  &s->worker[i]);
		s->worker[i].started = !rc;
	}
	for (i = 0; !rc && i < s->bosses; i++) {
		rc = thread_start(&s->boss[i].thread, "schb-message", schb_message_thread,
				  &s->boss[i]);
		s->boss[i].started = !rc;
	}
	return rc;
}

static int schbench_init(struct work *w)
{
	struct schbench *b = calloc(1, sizeof(*b));

	w->own = b;
	if (!b)
		return -ENOMEM;
	b->s.values = w->values;
	return 0;
}

static void begin(struct work *w, struct schbench *b)
{
	int rc = make_threads(&b->s);

	set_goal(b, w->values[SCHB_RPS]        ? (uint64_t)w->values[SCHB_RPS]
		    : w->values[SCHB_AUTO_RPS] ? AUTO_START
					       : 0);
	if (!rc)
		rc = start_all(&b->s);
	b->started = true;
	b->start_ns = b->second_ns = work_checkpoint(w);
	if (rc) { /* no memory, or no more threads */
		errno = -rc;
		work_failed(w, TM_FORK);
		telemetry_metric(w->tm, "start_error", -rc);
	}
}

/* ---- the rate that keeps the machine busy to so many percent -------------------------------- */

static double busy_pct(struct schbench *b)
{
	unsigned long long v[8] = { 0 };
	uint64_t total = 0, busy, before = b->total, before_busy = b->busy;
	char line[256];
	int i;

	if (file_read_line("/proc/stat", line, sizeof(line)) <= 0 ||
	    sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
		   &v[4], &v[5], &v[6], &v[7]) < 4)
		return -1;
	for (i = 0; i < 8; i++)
		total += v[i];
	busy = total - v[3];
	b->total = total;
	b->busy = busy;
	if (!before || total <= before)
		return -1;
	return 100 * (double)(busy - before_busy) / (double)(total - before);
}

/* Far from the target in bold steps, near it in small ones; *close: within 5 %. */
static double adjust(double busy, double target, bool *close)
{
	double d = target / (busy > 0 ? busy : 0.1);

	*close = d < 1 ? d > 0.95 : d < 1.05;
	if (d >= 1)
		return d > 3 ? 3 : d < 1.2 ? 1 + (d - 1) / 8 : d < 1.5 ? 1 + (d - 1) / 4 : d;
	return d < 0.3 ? 0.3 : d > 0.9 ? d + (1 - d) / 8 : d > 0.8 ? d + (1 - d) / 4 : d;
}

static void scale(struct schbench *b)
{
	double busy = busy_pct(b), target = (double)b->s.values[SCHB_AUTO_RPS], goal;
	bool close;

	if (busy < 0)
		return;
	goal = (double)b->goal * adjust(busy, target, &close);
	goal = busy < target ? ceil(goal) : floor(goal);
	if (goal >= 1 && goal < 1e9)
		set_goal(b, (uint64_t)goal);
	if (close && !b->on_target) {
		b->on_target = true;
		b->rps = (struct hist){ .count = 0 };
	}
}

/* ---- the worker's loop, and its result --------------------------------------------------- */

static void schbench(struct work *w)
{
	struct schbench *b = w->own;
	uint64_t now, loops;

	if (!b->started)
		begin(w, b);
	now = work_sleep(w, LOOK_EVERY);
	loops = loops_of(&b->s);
	w->tm->work_units = loops;
	if (now - b->second_ns < NSEC_PER_SEC)
		return;
	if (!w->values[SCHB_AUTO_RPS] || b->on_target)
		hist_add(&b->rps, (loops - b->loops) * NSEC_PER_SEC / (now - b->second_ns), 1);
	b->second_ns = now;
	b->loops = loops;
	if (w->values[SCHB_AUTO_RPS])
		scale(b);
}

static void join_all(struct schb *s)
{
	unsigned int i;

	__atomic_store_n(&s->stopping, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < s->bosses; i++)
		if (s->boss[i].started) {
			gate_open(&s->boss[i].gate);
			pthread_join(s->boss[i].thread, NULL);
		}
	for (i = 0; i < s->bosses * s->workers; i++)
		if (s->worker[i].started) {
			gate_open(&s->worker[i].gate);
			pthread_join(s->worker[i].thread, NULL);
		}
}

static void put_delays(struct telemetry *t, const struct schb *s)
{
	double message = 0, worker = 0;
	unsigned int i, n = s->bosses * s->workers;

	for (i = 0; i < s->bosses; i++)
		message += s->boss[i].run_delay_ns / s->bosses;
	for (i = 0; i < n; i++)
		worker += s->worker[i].run_delay_ns / n;
	telemetry_metric(t, "message_delay_us", message / NSEC_PER_USEC);
	telemetry_metric(t, "worker_delay_us", worker / NSEC_PER_USEC);
}

static void put_rates(struct telemetry *t, struct schbench *b, double seconds)
{
	double loops = (double)loops_of(&b->s), bytes = (double)b->s.values[SCHB_PIPE];

	telemetry_metric(t, "loops", loops);
	if (bytes > 0) {
		telemetry_metric(t, "pipe_ops_per_sec", loops / seconds);
		telemetry_metric(t, "pipe_mib_per_sec", loops * bytes / seconds / (1 << 20));
		return;
	}
	telemetry_metric(t, "average_rps", loops / seconds);
	if (b->s.values[SCHB_AUTO_RPS])
		telemetry_metric(t, "rps_goal", (double)b->goal);
	if (!b->rps.count)
		return;
	telemetry_metric(t, "rps_p20", (double)hist_percentile(&b->rps, 20));
	telemetry_metric(t, "rps_p50", (double)hist_percentile(&b->rps, 50));
	telemetry_metric(t, "rps_p90", (double)hist_percentile(&b->rps, 90));
	telemetry_metric(t, "rps_min", (double)b->rps.min);
	telemetry_metric(t, "rps_max", (double)b->rps.max);
}

static void schbench_fini(struct work *w)
{
	struct schbench *b = w->own;
	struct schb *s = &b->s;
	struct hist *sum = calloc(2, sizeof(*sum));
	double seconds = (double)(clock_ns() - b->start_ns) / NSEC_PER_SEC;
	unsigned int i;

	if (!b->started || !sum)
		return;
	join_all(s);
	for (i = 0; i < s->bosses * s->workers; i++) {
		hist_merge(&sum[0], &s->worker[i].wakeup_us);
		hist_merge(&sum[1], &s->worker[i].request_us);
		cpulist_or(&w->tm->cpus, &s->worker[i].cpus);
	}
	w->tm->work_units = loops_of(s);
	telemetry_metric_us(w->tm, "wakeup", &sum[0]);
	if (!s->values[SCHB_PIPE])
		telemetry_metric_us(w->tm, "request", &sum[1]);
	put_rates(w->tm, b, seconds);
	put_delays(w->tm, s);
	telemetry_metric(w->tm, "message_threads", s->bosses);
	telemetry_metric(w->tm, "worker_threads", s->bosses * s->workers);
}

static const char *schbench_conflict(const int64_t *v)
{
	if (v[SCHB_PIPE] && (v[SCHB_RPS] || v[SCHB_AUTO_RPS]))
		return "\"pipe_transfer_bytes\" leaves no room for a rate of requests";
	if (v[SCHB_MESSAGE_THREADS] * v[SCHB_WORKER_THREADS] > THREADS_MAX)
		return "more than 4096 threads";
	return NULL;
}

const struct work_type work_family_schbench[] = {
	{ .name = "Schbench",
	  .summary = "message threads wake worker threads, which sleep, then multiply matrices",
	  .group = 1,
	  .alone = true,
	  .blocks = true,
	  .conflict = schbench_conflict,
	  .params = { [SCHB_MESSAGE_THREADS] = WORK_PARAM_COUNT("message_threads", 1, 1, 64),
		      [SCHB_WORKER_THREADS] = WORK_PARAM_COUNT("worker_threads", 0, 0, 1024),
		      [SCHB_FOOTPRINT] = WORK_PARAM_SIZE("footprint", 256 << 10, 1 << 10, 1 << 24),
		      [SCHB_OPERATIONS] = WORK_PARAM_COUNT("operations", 5, 0, 1000000),
		      [SCHB_SLEEP] = { "sleep", "sleep_ns", WORK_DURATION, 100 * NSEC_PER_USEC, 0,
				       WORK_DURATION_MAX, NULL },
		      [SCHB_SKIP_LOCKING] = WORK_PARAM_BOOL("skip_locking", 0),
		      [SCHB_RPS] = WORK_PARAM_COUNT("requests_per_sec", 0, 0, WORK_COUNT_MAX),
		      [SCHB_AUTO_RPS] = WORK_PARAM_COUNT("auto_rps", 0, 0, 100),
		      [SCHB_SPLIT] = WORK_PARAM_COUNT("split_percent", 100, 0, 100),
		      [SCHB_PIPE] = { "pipe_transfer_bytes", "pipe_transfer_bytes", WORK_SIZE, 0, 0,
				      1 << 20, NULL } },
	  .ops = { .init = schbench_init, .iterate = schbench, .fini = schbench_fini } },
	{ .name = NULL },
};
