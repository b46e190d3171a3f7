// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/measure/telemetry.c kt-guest/measure/hist.c
/* The arithmetic of worker telemetry, with made-up times and CPUs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "kt-guest/measure/telemetry.h"
#include "unit.h"

static struct telemetry *fresh(uint64_t start)
{
	static struct telemetry t;

	memset(&t, 0, sizeof(t));
	telemetry_start(&t, start, 1);
	return &t;
}

TEST(percentile_is_nearest_rank)
{
	uint64_t v[200];
	size_t i;

	for (i = 0; i < 200; i++)
		v[i] = i + 1;
	CHECK_INT(telemetry_percentile(v, 1, 99), 1);
	CHECK_INT(telemetry_percentile(v, 1, 50), 1);
	CHECK_INT(telemetry_percentile(v, 4, 50), 2);
	CHECK_INT(telemetry_percentile(v, 5, 50), 3);
	CHECK_INT(telemetry_percentile(v, 99, 99), 99);
	CHECK_INT(telemetry_percentile(v, 100, 99), 99);
	CHECK_INT(telemetry_percentile(v, 101, 99), 100);
	CHECK_INT(telemetry_percentile(v, 200, 99), 198);
	CHECK_INT(telemetry_percentile(v, 200, 100), 200);
	CHECK_INT(telemetry_percentile(v, 200, 0), 1);
}

TEST(gap_is_between_checkpoints_and_at_its_end)
{
	struct telemetry *t = fresh(1000);

	telemetry_mark(t, 1100, 3);
	CHECK_INT(t->max_gap_ns, 100);
	CHECK_INT(t->max_gap_cpu, 3);
	CHECK_INT(t->max_gap_at_ns, 100);
	telemetry_mark(t, 1150, 2);
	CHECK_INT(t->max_gap_ns, 100);
	telemetry_mark(t, 1400, 1);
	CHECK_INT(t->max_gap_ns, 250);
	CHECK_INT(t->max_gap_cpu, 1);
	CHECK_INT(t->max_gap_at_ns, 400);
	telemetry_mark(t, 1390, 1); /* a clock that steps back makes no gap */
	CHECK_INT(t->max_gap_ns, 250);
}

TEST(first_cpu_is_no_migration)
{
	struct telemetry *t = fresh(0);
	char list[CPULIST_TEXT_MAX];

	telemetry_mark(t, 1, 5);
	CHECK_INT(t->migrations, 0);
	telemetry_mark(t, 2, 5);
	telemetry_mark(t, 3, 0);
	telemetry_mark(t, 4, 5);
	CHECK_INT(t->migrations, 2);
	CHECK_STR(cpulist_format(&t->cpus, list), "0,5");
}

TEST(a_sleep_is_no_gap_but_waking_late_is)
{
	struct telemetry *t = fresh(0);

	telemetry_mark(t, 10, 0);
	telemetry_woken(t, 40, 1050, 0); /* slept 1000, ran 40 after it was woken */
	CHECK_INT(t->max_gap_ns, 40);
	CHECK_INT(t->max_gap_at_ns, 1050);
	CHECK_INT(t->wakes, 1);
	CHECK_INT(t->sample[0], 40);
	CHECK_INT(t->worst_wakes.event[0].at_ns, 1050);
	telemetry_woken(t, 0, 1990, 0);
	CHECK_INT(t->sample[1], 0);
	CHECK_INT(t->max_gap_ns, 40);
}

TEST(woken_before_it_waited_counts_from_the_last_checkpoint)
{
	struct telemetry *t = fresh(0);

	telemetry_mark(t, 100, 0);
	telemetry_woken(t, 110, 160, 0);
	CHECK_INT(t->max_gap_ns, 100); /* start to the first checkpoint */
	telemetry_woken(t, 300, 400, 0);
	CHECK_INT(t->max_gap_ns, 240); /* 160 to 400, not 100 to 400 */
}

TEST(latency_is_the_kernels_wait_and_no_longer_than_since_it_was_due)
{
	CHECK_INT(telemetry_latency(30, 1000, 1500), 30);   /* the timer was late, not the worker */
	CHECK_INT(telemetry_latency(900, 1000, 1500), 500); /* it had waited before it slept, too */
	CHECK_INT(telemetry_latency(900, 2000, 1500), 0);   /* early, by the clock's grain */
	CHECK_INT(telemetry_latency(UINT64_MAX, 10, 15), 5); /* the kernel does not say */
}

TEST(how_late_a_timer_was_is_another_figure)
{
	struct telemetry *t = fresh(0);

	telemetry_late(t, 1000, 1600, 2);
	telemetry_woken(t, 100, 1600, 2);
	CHECK_INT(t->late.max, 600);
	CHECK_INT(t->worst_late.event[0].ns, 600);
	CHECK_INT(t->wake_max_ns, 100);
	CHECK_INT(t->max_gap_ns, 100);
	telemetry_late(t, 2000, 1990, 2);
	CHECK_INT(t->late.count, 2);
	CHECK_INT(t->late.min, 0);
}

TEST(the_longest_are_kept_one_by_one)
{
	struct telemetry_top top = { .n = 0 };
	uint64_t i;

	telemetry_top_put(&top, 3,
			  (struct telemetry_event){ .ns = 0, .at_ns = 7 }); /* none at all */
	CHECK_INT(top.n, 0);
	for (i = 1; i <= 100; i++)
		telemetry_top_put(
			&top, 3, (struct telemetry_event){ .ns = i * 37 % 101, .at_ns = 1000 * i });
	telemetry_top_sort(&top);
	CHECK_INT(top.n, 3);
	CHECK_INT(top.event[0].ns, 100);
	CHECK_INT(top.event[1].ns, 99);
	CHECK_INT(top.event[2].ns, 98);
	CHECK_INT(top.event[0].at_ns * 37 / 1000 % 101, 100);
}

TEST(a_gap_that_grows_is_one_gap)
{
	struct telemetry *t = fresh(0);

	telemetry_gap(t, 100, 150, 1);
	telemetry_gap(t, 100, 250, 2);
	telemetry_gap(t, 300, 340, 2);
	telemetry_gap(t, 300, 290, 2); /* a clock that steps back */
	telemetry_top_sort(&t->gaps);
	CHECK_INT(t->gaps.n, 2);
	CHECK_INT(t->gaps.event[0].ns, 150);
	CHECK_INT(t->gaps.event[0].cpu, 2);
	CHECK_INT(t->gaps.event[1].ns, 40);
	CHECK_INT(t->max_gap_ns, 150);
}

TEST(failed_calls_are_counted_but_for_a_signals)
{
	struct telemetry *t = fresh(0);

	telemetry_failed(t, TM_FORK, EINTR);
	CHECK_INT(t->failed[TM_FORK], 0);
	telemetry_failed(t, TM_FORK, EAGAIN);
	telemetry_failed(t, TM_FORK, ENOMEM);
	telemetry_failed(t, TM_OTHER, EIO);
	CHECK_INT(t->failed[TM_FORK], 2);
	CHECK_INT(t->failed[TM_OTHER], 1);
	CHECK_INT(t->error, EAGAIN);
}

TEST(an_interrupted_wait_is_neither_gap_nor_latency)
{
	struct telemetry *t = fresh(0);

	telemetry_mark(t, 10, 0);
	telemetry_resume(t, 5000, 1);
	CHECK_INT(t->max_gap_ns, 10);
	CHECK_INT(t->wakes, 0);
	CHECK_INT(t->migrations, 1);
	telemetry_mark(t, 5020, 1);
	CHECK_INT(t->max_gap_ns, 20);
}

TEST(close_accounts_for_who_never_ran)
{
	struct telemetry t = { .state = TM_BORN };

	telemetry_close(&t, 1000, 9000);
	CHECK_INT(t.start_ns, 1000);
	CHECK_INT(t.stop_ns, 9000);
	CHECK_INT(t.max_gap_ns, 8000);
	CHECK_INT(t.max_gap_at_ns, 8000);
	CHECK_INT(t.max_gap_cpu, -1);
	CHECK_INT(cpulist_count(&t.cpus), 0);
}

TEST(close_accounts_for_who_was_stopped_from_running)
{
	struct telemetry *t = fresh(0);

	t->state = TM_RUNNING;
	telemetry_mark(t, 300, 2);
	telemetry_close(t, 0, 1000);
	CHECK_INT(t->max_gap_ns, 700);
	CHECK_INT(t->max_gap_cpu, 2);
	CHECK_INT(t->max_gap_at_ns, 1000);
}

TEST(wake_statistics)
{
	struct telemetry *t = fresh(0);
	struct telemetry_wake_stats s;
	uint64_t late[] = { 40, 20, 30, 10 };
	size_t i;

	telemetry_wake_stats(t, &s);
	CHECK_INT(s.count, 0);
	CHECK(s.cv == 0);
	for (i = 0; i < 4; i++)
		telemetry_woken(t, late[i], 1000 * (i + 1) + late[i], 0);
	telemetry_wake_stats(t, &s);
	CHECK_INT(s.count, 4);
	CHECK_INT(s.p50_ns, 20);
	CHECK_INT(s.p99_ns, 40);
	CHECK_INT(s.max_ns, 40);
	CHECK(fabs(s.mean_ns - 25) < 1e-9);
	CHECK(fabs(s.cv - sqrt(125) / 25) < 1e-9); /* population: variance 500 / 4 */
}

TEST(reservoir_keeps_a_fair_part_of_many)
{
	struct telemetry *t = fresh(0);
	struct telemetry_wake_stats s;
	uint64_t i, n = 20 * TM_SAMPLES;

	for (i = 0; i < n; i++)
		telemetry_woken(t, i, i * 100000 + i, 0); /* latency grows: 0 .. n-1 */
	telemetry_wake_stats(t, &s);
	CHECK_INT(s.count, n);
	CHECK_INT(s.max_ns, n - 1); /* exact, kept or not */
	CHECK(fabs(s.mean_ns - (double)(n - 1) / 2) < 1e-3);
	CHECK(fabs((double)s.p50_ns / (double)n - 0.5) < 0.05);
	CHECK(fabs((double)s.p99_ns / (double)n - 0.99) < 0.01);
}

TEST(run_delay_is_weighted_by_timeslices)
{
	struct telemetry *t = fresh(0);

	telemetry_delay(t, 0, 0, 5, 0); /* nothing happened: no sample */
	CHECK_INT(t->delay.count, 0);
	telemetry_delay(t, 100, 1, 200, 3);
	telemetry_delay(t, 90, 9, 500, 2); /* nine waits of 10 on average */
	CHECK_INT(t->delay.count, 10);
	CHECK_INT(t->delay.max, 100);
	CHECK_INT(t->worst_delays.n, 2);
	CHECK_INT(t->worst_delays.event[0].ns, 100);
	CHECK_INT(t->worst_delays.event[0].cpu, 3);
	CHECK_INT(hist_percentile(&t->delay, 90), 10);
	CHECK_INT(hist_percentile(&t->delay, 99), 100);
	CHECK(fabs(hist_mean(&t->delay) - 19) < 1e-9);
}

TEST(metrics_are_set_anew_and_bounded)
{
	struct telemetry *t = fresh(0);
	char name[64];
	int i;

	telemetry_metric(t, "a", 1);
	telemetry_metric(t, "b", 2);
	telemetry_metric(t, "a", 3);
	telemetry_metric(t, "c", NAN); /* nothing that JSON could say */
	CHECK_INT(t->metrics, 2);
	CHECK(t->metric[0].value == 3 && t->metric[1].value == 2);
	for (i = 0; i < 2 * TM_METRICS; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		telemetry_metric(t, name, i);
	}
	CHECK_INT(t->metrics, TM_METRICS);
	telemetry_metric(t, "n0", 7); /* full, but this one is there */
	CHECK(t->metric[2].value == 7);
}

UNIT_MAIN(T(percentile_is_nearest_rank), T(gap_is_between_checkpoints_and_at_its_end),
	  T(first_cpu_is_no_migration), T(a_sleep_is_no_gap_but_waking_late_is),
	  T(woken_before_it_waited_counts_from_the_last_checkpoint),
	  T(latency_is_the_kernels_wait_and_no_longer_than_since_it_was_due),
	  T(how_late_a_timer_was_is_another_figure), T(the_longest_are_kept_one_by_one),
	  T(a_gap_that_grows_is_one_gap), T(failed_calls_are_counted_but_for_a_signals),
	  T(an_interrupted_wait_is_neither_gap_nor_latency), T(close_accounts_for_who_never_ran),
	  T(close_accounts_for_who_was_stopped_from_running), T(wake_statistics),
	  T(reservoir_keeps_a_fair_part_of_many), T(run_delay_is_weighted_by_timeslices),
	  T(metrics_are_set_anew_and_bounded))
