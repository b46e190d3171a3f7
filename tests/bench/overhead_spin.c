// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-guest/work/work.c kt-guest/measure/tick.c kt-guest/measure/hist.c
// LINK: kt-guest/measure/telemetry.c kt-guest/work/spin.c kt-guest/work/siblings.c
// LINK: kt-guest/measure/file.c
/*
 * usage: overhead_spin bare|kt|quiet|count ITERATIONS
 * The iterations of SpinWait: alone, as a worker of kt-guest does them, as it does them while
 * no checkpoint is due. They are to be counted in instructions by whoever runs this. Prints
 * how many checkpoints there were (count), and the time that it took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kt-guest/work/work.h"

static void bare(uint64_t n)
{
	int i;

	while (n--)
		for (i = 0; i < WORK_SPINS; i++)
			__builtin_ia32_pause();
}

static struct telemetry t;
static uint32_t stop;

static void loop(struct work *w, uint64_t n)
{
	const struct work_ops *ops = &work_family_spin[0].ops;

	while (!work_stopped(w) && t.iterations < n) {
		ops->iterate(w);
		t.iterations++;
	}
}

static uint64_t counted(struct work *w, uint64_t n)
{
	uint64_t mark, checkpoints = 0;

	for (; n; n--) {
		mark = w->tick.mark;
		loop(w, t.iterations + 1);
		checkpoints += mark != w->tick.mark;
	}
	return checkpoints;
}

static uint64_t as_worker(const char *how, uint64_t n)
{
	struct work w = { .tm = &t, .stop = &stop };
	uint64_t checkpoints = 0;

	work_open(&w);
	work_begin(&w, clock_ns(), 1);
	if (strcmp(how, "quiet") == 0)
		w.tick.near = w.tick.far = UINT64_MAX;
	if (strcmp(how, "count") == 0)
		checkpoints = counted(&w, n);
	else
		loop(&w, n);
	work_end(&w);
	return checkpoints;
}

int main(int argc, char **argv)
{
	uint64_t n = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, checkpoints = 0,
		 start = clock_ns();

	if (argc != 3)
		return 64;
	if (strcmp(argv[1], "bare") == 0)
		bare(n);
	else
		checkpoints = as_worker(argv[1], n);
	printf("%llu %llu\n", (unsigned long long)checkpoints,
	       (unsigned long long)(clock_ns() - start));
	return 0;
}
