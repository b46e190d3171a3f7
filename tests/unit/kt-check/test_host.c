// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-check/model/host.c kt-check/read/arith.c
/* What the host withheld in a window: the arithmetic of intervals, slices and clocks. */
#include <stdlib.h>
#include <string.h>

#include "kt-check/model/model.h"
#include "unit.h"

#define NONE UINT64_MAX
#define MS   1000000LL

static struct model *make(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	return m;
}

static void drop(struct model *m)
{
	host_free(&m->host);
	free(m);
}

/* One sample of one vCPU, all in ms. */
static void sample(struct model *m, int64_t t, uint64_t run, uint64_t steal, uint64_t idle)
{
	struct host_counters c = { run == NONE ? NONE : run * MS, steal == NONE ? NONE : steal * MS,
				   idle == NONE ? NONE : idle * MS };

	if (host_add(&m->host, t * MS, &c, 1))
		abort();
}

static void slice(struct model *m, int64_t from, int64_t to, uint64_t ns)
{
	if (host_add_slice(&m->host, 0, from * MS, to * MS, ns * MS))
		abort();
}

static int64_t withheld(struct model *m, int64_t from, int64_t to)
{
	return (int64_t)(host_withheld(m, 0, from * MS, to * MS) / MS);
}

TEST(nothing_known)
{
	struct model *m = make();

	CHECK(!host_known(m));
	CHECK_INT(withheld(m, 0, 1000), 0);
	sample(m, 0, NONE, NONE, NONE);
	sample(m, 100, NONE, NONE, NONE);
	CHECK(!host_known(m));
	CHECK_INT(withheld(m, 0, 1000), 0);
	CHECK_INT(host_withheld(m, 5, 0, 1000), 0);
	CHECK_INT(host_withheld(m, INT64_MAX, 0, 1000), 0);
	drop(m);
}

/* Without slices an interval gives a window all that fits into their overlap. */
TEST(intervals)
{
	struct model *m = make();

	sample(m, 0, 0, 0, NONE);
	sample(m, 100, 60, 40, NONE);
	sample(m, 200, 160, 40, NONE);
	sample(m, 300, 210, 90, NONE);
	CHECK(host_known(m));
	CHECK_INT(withheld(m, 0, 300), 90);
	CHECK_INT(withheld(m, 0, 100), 40);
	CHECK_INT(withheld(m, 100, 200), 0);
	CHECK_INT(withheld(m, 80, 100), 20);
	CHECK_INT(withheld(m, 20, 80), 40);
	CHECK_INT(withheld(m, 50, 250), 90);
	CHECK_INT(withheld(m, 100, 100), 0);
	CHECK_INT(withheld(m, 300, 200), 0);
	/* the time beyond the samples is not known */
	CHECK_INT(withheld(m, 300, 900), 0);
	drop(m);
}

/* What a vCPU neither ran nor was idle for was withheld, though no steal was counted. */
TEST(neither_run_nor_idle)
{
	struct model *m = make();

	sample(m, 0, 0, 0, 0);
	sample(m, 100, 30, 0, 20);
	CHECK_INT(withheld(m, 0, 100), 50);
	/* steal while it was idle is in its idle time as well, and counts once more at most */
	sample(m, 200, 60, 10, 90);
	CHECK_INT(withheld(m, 100, 200), 10);
	/* no more than it did not run */
	sample(m, 300, 155, 110, 90);
	CHECK_INT(withheld(m, 200, 300), 5);
	drop(m);
}

TEST(slices)
{
	struct model *m = make();

	sample(m, 0, 0, 0, NONE);
	slice(m, 10, 20, 10);
	slice(m, 20, 30, 5);
	slice(m, 70, 80, 10);
	sample(m, 100, 75, 25, NONE);
	CHECK_INT(withheld(m, 0, 100), 25);
	CHECK_INT(withheld(m, 30, 70), 0);
	CHECK_INT(withheld(m, 15, 75), 15);
	CHECK_INT(withheld(m, 12, 18), 6);
	CHECK_INT(host_burst(m, NULL, 0, 100 * MS) / MS, 15);
	/* steal beyond the slices may have been anywhere */
	sample(m, 200, 155, 45, NONE);
	CHECK_INT(withheld(m, 150, 160), 10);
	drop(m);
}

/* A wait that is counted at its end reaches back over slices of it that were told before. */
TEST(slices_that_overlap)
{
	struct model *m = make();

	sample(m, 0, 0, 0, NONE);
	slice(m, 10, 20, 4);
	sample(m, 20, 16, 4, NONE);
	slice(m, 10, 40, 26);
	sample(m, 40, 16, 30, NONE);
	CHECK_INT(withheld(m, 0, 40), 24);
	CHECK_INT(withheld(m, 20, 40), 20);
	CHECK(withheld(m, 10, 20) <= 10);
	slice(m, 50, 45, 5);
	CHECK_INT(m->host.nslices, 2);
	drop(m);
}

TEST(several_vcpus)
{
	struct host_counters c[2][2] = { { { 0, 0, NONE }, { 0, 0, NONE } },
					 { { 90 * MS, 10 * MS, NONE },
					   { 30 * MS, 70 * MS, NONE } } };
	struct model *m = make();
	struct cpulist cpus;
	char words[HOST_WORDS];
	int64_t cpu;

	CHECK_INT(host_add(&m->host, 0, c[0], 2), 0);
	CHECK_INT(host_add(&m->host, 100 * MS, c[1], 2), 0);
	CHECK_INT(host_withheld(m, -1, 0, 100 * MS), 70 * MS);
	CHECK_INT(host_most(m, NULL, 0, 100 * MS, &cpu), 70 * MS);
	CHECK_INT(cpu, 1);
	cpulist_clear(&cpus);
	cpulist_add(&cpus, 0);
	CHECK_INT(host_most(m, &cpus, 0, 100 * MS, &cpu), 10 * MS);
	CHECK_INT(cpu, 0);
	cpulist_add(&cpus, 1);
	CHECK_INT(host_withheld_cpus(m, &cpus, 0, 100 * MS), 80 * MS);
	m->seen.workload_ns = 20 * MS;
	CHECK_STR(host_words(m, 1, 20 * MS, 100 * MS, words),
		  "vCPU 1 was not run for 70ms of the 80ms from 0.0s on");
	drop(m);
}

TEST(clocks)
{
	struct model *m = make();

	CHECK_INT(host_time(m, 5), 5);
	/* a record may come late and never early: the least offset is the truth */
	host_clock(&m->host, 900, 100);
	host_clock(&m->host, 1700, 1000);
	host_clock(&m->host, 2900, 2000);
	host_clock(&m->host, -1, 5);
	CHECK_INT(host_time(m, 300), 1000);
	CHECK_INT(host_time(m, INT64_MAX), INT64_MAX);
	drop(m);
}

/* Time that goes back or stands is no sample, and counters that go back are no time. */
TEST(hostile)
{
	struct model *m = make();

	sample(m, 100, 50, 50, 0);
	sample(m, 100, 60, 500, 0);
	sample(m, 50, 60, 500, 0);
	CHECK_INT(m->host.n, 1);
	sample(m, 200, 10, 10, NONE);
	CHECK_INT(withheld(m, 100, 200), 0);
	sample(m, 300, 10, 1000000, NONE);
	CHECK_INT(withheld(m, 200, 300), 100);
	CHECK_INT(withheld(m, -5, 1000000), 100);
	drop(m);
}

UNIT_MAIN(T(nothing_known), T(intervals), T(neither_run_nor_idle), T(slices),
	  T(slices_that_overlap), T(several_vcpus), T(clocks), T(hostile))
