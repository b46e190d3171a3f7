// SPDX-License-Identifier: GPL-2.0-only
/* Types that make processes. */
#include <unistd.h>

#include "wait.h"
#include "work.h"

static size_t fork_shared(const int64_t *values)
{
	(void)values;
	return sizeof(uint64_t);
}

static void fork_exit(struct work *w)
{
	uint64_t *sent = w->group->shared;
	pid_t pid = fork();

	if (pid == 0) {
		__atomic_store_n(sent, clock_ns(), __ATOMIC_RELAXED);
		_exit(0);
	}
	if (pid < 0) {
		work_fork_failed(w);
		return;
	}
	w->tm->work_units++;
	work_reap(w, pid, sent);
}

const struct work_type work_family_fork[] = {
	{ .name = "ForkExit",
	  .summary = "forks a child that exits at once, and waits for it",
	  .group = 1,
	  .blocks = true,
	  .processes = true,
	  .ops = { .shared = fork_shared, .iterate = fork_exit } },
	{ .name = NULL },
};
