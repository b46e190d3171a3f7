// SPDX-License-Identifier: GPL-2.0-only
/* What the engines' control tables share. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"

int engine_check_watch(const struct engine_watch *w, unsigned int n, struct errbuf *e)
{
	unsigned int i;

	if (n > ENGINE_WATCHES)
		return errbuf_set(e, -EINVAL, "a CPU has %d watchpoints", ENGINE_WATCHES);
	for (i = 0; i < n; i++)
		if ((w[i].len != 1 && w[i].len != 2 && w[i].len != 4 && w[i].len != 8) ||
		    w[i].addr % w[i].len || (w[i].type == ENGINE_WATCH_EXECUTE && w[i].len != 1))
			return errbuf_set(e, -EINVAL,
					  "watchpoint %u: expected 1, 2, 4 or 8 aligned bytes", i);
	return 0;
}

int engine_schedstat(int fd, struct engine_thread *t, struct errbuf *e)
{
	char buf[96], *end, *rest;
	ssize_t n = fd < 0 ? -1 : pread(fd, buf, sizeof(buf) - 1, 0);

	buf[n < 0 ? 0 : n] = '\0';
	t->run_ns = strtoull(buf, &end, 10);
	t->wait_ns = strtoull(end, &rest, 10);
	if (rest > end && end > buf)
		return 0;
	return errbuf_set(e, -EOPNOTSUPP,
			  "the host's kernel tells no CPU time of thread %d "
			  "(/proc/PID/task/TID/schedstat)",
			  (int)t->tid);
}
