// SPDX-License-Identifier: GPL-2.0-only
/* Types that differ in how many instructions a cycle does. */
#include <errno.h>
#include <stdlib.h>

#include "alu_loop.h"
#include "work.h"

enum { WIDTH };
enum { HOT, COLD, PERIOD };

#define COLD_BYTES (512 << 10)
#define COLD_LINES (COLD_BYTES / 64)
#define COLD_TICK  256 /* touches between two ticks: some 30 us if each misses */

struct alu_own {
	struct alu alu;
	enum alu_width width;
	uint64_t *cold, at;
};

static int alu_own_new(struct work *w)
{
	struct alu_own *o = aligned_alloc(64, sizeof(*o));

	w->own = o;
	if (!o)
		return -ENOMEM;
	alu_init(&o->alu);
	return 0;
}

static int alu_hot_init(struct work *w)
{
	struct alu_own *o;
	int rc = alu_own_new(w);

	if (rc)
		return rc;
	o = w->own;
	o->width = alu_choose((enum alu_width)w->values[WIDTH]);
	telemetry_medium(w->tm, alu_name(o->width));
	return 0;
}

static void alu_hot(struct work *w)
{
	struct alu_own *o = w->own;

	alu_batch(&o->alu, o->width);
	w->tm->work_units += ALU_STEPS;
	work_tick(w);
}

static int ipc_init(struct work *w)
{
	struct alu_own *o;
	uint64_t i;
	int rc = alu_own_new(w);

	if (rc)
		return rc;
	o = w->own;
	o->at = 0;
	o->cold = malloc(COLD_BYTES);
	if (!o->cold)
		return -ENOMEM;
	for (i = 0; i < COLD_BYTES / sizeof(uint64_t); i++)
		o->cold[i] = i * 0x9e3779b97f4a7c15ULL;
	return 0;
}

static void hot(struct work *w, uint64_t steps)
{
	struct alu_own *o = w->own;
	uint64_t done;

	for (done = 0; done < steps && !work_stopped(w); done += ALU_STEPS) {
		alu_batch(&o->alu, ALU_SCALAR);
		w->tm->work_units += ALU_STEPS;
		work_tick(w);
	}
}

/* Where the next touch goes depends on what the last one found: no two are under way at once. */
static void cold(struct work *w, uint64_t touches)
{
	struct alu_own *o = w->own;
	uint64_t i, *line;

	for (i = 0; i < touches; i++) {
		line = &o->cold[(o->at >> 32) % COLD_LINES * (64 / sizeof(uint64_t))];
		*line += i;
		o->at = o->at * 6364136223846793005ULL + (*line | 1);
		if (i % COLD_TICK == COLD_TICK - 1)
			work_tick(w);
	}
	w->tm->work_units += touches;
	work_tick(w);
}

static void ipc_variance(struct work *w)
{
	bool is_hot = w->tm->iterations / (uint64_t)w->values[PERIOD] % 2 == 0;

	if (is_hot)
		hot(w, (uint64_t)w->values[HOT]);
	else
		cold(w, (uint64_t)w->values[COLD]);
}

static const char *const widths[] = { "widest", "scalar", "128", "256", "512", NULL };

const struct work_type work_family_alu[] = {
	{ .name = "AluHot",
	  .summary = "1024 steps of eight independent chains of multiplications",
	  .group = 1,
	  .params = { [WIDTH] = WORK_PARAM_CHOICE("width", 0, widths) },
	  .ops = { .init = alu_hot_init, .iterate = alu_hot } },
	{ .name = "IpcVariance",
	  .summary = "multiplications, then touches of random cache lines, by turns",
	  .group = 1,
	  .params = { [HOT] = WORK_PARAM_COUNT("hot_iters", 100000, 1, WORK_COUNT_MAX),
		      [COLD] = WORK_PARAM_COUNT("cold_iters", 1024, 1, WORK_COUNT_MAX),
		      [PERIOD] = WORK_PARAM_COUNT("period_iters", 64, 1, WORK_COUNT_MAX) },
	  .ops = { .init = ipc_init, .iterate = ipc_variance } },
	{ .name = NULL },
};
