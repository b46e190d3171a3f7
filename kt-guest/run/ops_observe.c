// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ops that kt-vm does from outside. Their records go out before they are done, as requests;
 * kt-vm completes them, and answers with a line on the record port.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "measure/telemetry.h"
#include "ops_table.h"

#define ANSWER_WAIT (5 * NSEC_PER_SEC)
#define ANSWER_MAX  8192

/* What is there: its length, 0: nothing (more), or -errno. */
static ssize_t take(int port, char *buf, size_t size)
{
	struct pollfd p = { .fd = port, .events = POLLIN };
	ssize_t n;

	if (!size || poll(&p, 1, 0) <= 0 || !(p.revents & POLLIN))
		return 0;
	n = read(port, buf, size);
	return n < 0 ? -errno : n;
}

/* A whole line, without its end: 0 or -errno. */
static int read_line(struct world *w, int port, char *buf, size_t size)
{
	uint64_t end = clock_ns() + ANSWER_WAIT;
	size_t len = 0;
	ssize_t n;

	while (!memchr(buf, '\n', len)) {
		/* a scheduler that is lost meanwhile stays so; the answer is waited for */
		while (sched_wait(w->sched, port, end) == SCHED_LOST)
			;
		n = take(port, buf + len, size - 1 - len);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return len == size - 1 ? -EMSGSIZE : -ETIMEDOUT;
		len += (size_t)n;
	}
	buf[len] = '\0';
	*strchrnul(buf, '\n') = '\0';
	return 0;
}

static int judge(const char *line, struct errbuf *e)
{
	struct json_object *o = json_tokener_parse(line);
	int rc = 0;

	if (!json_object_is_type(o, json_type_object))
		rc = errbuf_set(e, -EBADMSG, "kt-vm's answer is no answer: %.80s", line);
	else if (!rec_get_bool(o, "ok", false))
		rc = errbuf_set(e, -EREMOTEIO, "%.400s",
				rec_get_str(o, "error", "no reason given"));
	json_object_put(o);
	return rc;
}

int ops_request(struct world *w, struct json_object *rec, struct errbuf *e)
{
	int port = fileno(w->out->f), rc;
	char line[ANSWER_MAX];

	/* an answer that came too late for an op before is not this one's */
	while (take(port, line, sizeof(line)) > 0)
		;
	rec_put(w->out, rec);
	rc = read_line(w, port, line, sizeof(line));
	if (rc)
		return errbuf_set(e, rc, "no answer from kt-vm: %s", strerror(-rc));
	return judge(line, e);
}
