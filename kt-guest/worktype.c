// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "units.h"
#include "worktype.h"

#define MOST_SPIN 1000000000LL

#define DURATION(k, dflt)                                               \
	{                                                               \
		k, k "_ns", true, (int64_t)(dflt), 1, WORK_DURATION_MAX \
	}
#define COUNT(k, dflt)                          \
	{                                       \
		k, k, false, dflt, 1, MOST_SPIN \
	}

const struct work_type work_types[] = {
	{ .name = "SpinWait", .kind = WORK_SPIN_WAIT, .group = 1 },
	{ .name = "YieldHeavy", .kind = WORK_YIELD_HEAVY, .group = 1 },
	{ .name = "Mixed", .kind = WORK_MIXED, .group = 1 },
	{ .name = "Bursty",
	  .kind = WORK_BURSTY,
	  .group = 1,
	  .blocks = true,
	  .params = { DURATION("burst", 50 * NSEC_PER_MSEC),
		      DURATION("sleep", 100 * NSEC_PER_MSEC) } },
	{ .name = "PipeIo",
	  .kind = WORK_PIPE_IO,
	  .group = 2,
	  .blocks = true,
	  .params = { COUNT("burst_iters", 1024) } },
	{ .name = "FutexPingPong",
	  .kind = WORK_FUTEX_PING_PONG,
	  .group = 2,
	  .blocks = true,
	  .params = { COUNT("spin_iters", 1024) } },
	{ .name = "Sequence", .kind = WORK_SEQUENCE, .group = 1, .blocks = true, .phases = true },
	{ .name = NULL },
};

const char *const work_phases[] = { "spin", "sleep", "yield", "io", NULL };

const struct work_type *work_type_find(const char *name)
{
	const struct work_type *t;

	if (strcmp(name, "CpuSpin") == 0)
		name = "SpinWait";
	for (t = work_types; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

int work_phase_find(const char *name)
{
	int i;

	for (i = 0; work_phases[i]; i++)
		if (strcmp(work_phases[i], name) == 0)
			return i;
	return -1;
}
