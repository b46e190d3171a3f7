// SPDX-License-Identifier: GPL-2.0-only
/*
 * One test: its sources, the pipeline, a copy into the run directory, the
 * report. A run directory stays only if a guest was started.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "exit.h"
#include "msg.h"
#include "outcome.h"
#include "pipeline.h"
#include "quiet.h"
#include "record.h"
#include "rundir.h"
#include "sources.h"
#include "testrun.h"
#include "tool.h"
#include "topo.h"

#define TICK_MS      200
#define INTERRUPT_MS 5000 /* for a guest to end and its records to come, after ^C */
#define REPORT_MS    60000

struct run {
	const struct test_opts *o;
	struct watch *w;
	struct rundir dir;
	struct pipeline pipe;
	char *line; /* the beginning of a line that has not ended yet */
	size_t len, cap;
	bool began; /* a guest was started: there is a vm record */
	struct outcome outcome;
};

/* kt looks at whole lines: for the progress line, the vm (or host) record and the verdict. */
static void look(struct run *r, const char *line, size_t len)
{
	static const char vm[] = "{\"type\":\"vm\"", host[] = "{\"type\":\"host\"";
	const char *start = r->o->host ? host : vm;
	struct errbuf e;

	progress_record(&r->w->progress, line, len);
	outcome_line(&r->outcome, line, len);
	if (r->began || len < strlen(start) || memcmp(line, start, strlen(start)) != 0)
		return;
	r->began = true;
	if (rundir_latest(&r->dir, &e)) {
		watch_flush(r->w);
		msg_warn("%s", e.text);
	}
}

/* Splits what comes into lines; what is too long for a record is not looked at. */
static void split(struct run *r, const char *data, size_t len)
{
	const char *nl;
	size_t n;

	for (; len; data += n, len -= n) {
		nl = memchr(data, '\n', len);
		n = nl ? (size_t)(nl - data) + 1 : len;
		if (r->len + n > r->cap && r->len + n <= REC_LINE_MAX) {
			char *more = realloc(r->line, 2 * (r->len + n));

			if (!more)
				continue;
			r->line = more;
			r->cap = 2 * (r->len + n);
		}
		if (r->len + n <= r->cap)
			memcpy(r->line + r->len, data, n);
		r->len += n;
		if (!nl)
			continue;
		if (r->len <= r->cap)
			look(r, r->line, r->len - 1);
		r->len = 0;
	}
}

/* 1: go on, 0: the end, else -errno of a write. */
static int copy(struct run *r)
{
	char buf[65536];
	ssize_t n = read(r->pipe.out, buf, sizeof(buf));
	int rc;

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return 0;
	rc = rundir_write(&r->dir, buf, (size_t)n);
	if (rc)
		return rc;
	split(r, buf, (size_t)n);
	return 1;
}

/* Reads the stream to its end; after a signal it has a while to get there. 0 or an exit code. */
static int follow(struct run *r)
{
	uint64_t until = 0;
	int rc = 1, seen = 0;

	while (rc > 0) {
		if (watch_wait(r->w, r->pipe.out, TICK_MS))
			rc = copy(r);
		if (r->w->count > seen && !seen) {
			pipeline_interrupt(&r->pipe);
			until = clock_ns() + INTERRUPT_MS * 1000000ULL;
			seen = r->w->count;
			progress_stage(&r->w->progress, "stop");
		}
		if (seen && (r->w->count > seen || clock_ns() > until))
			break;
	}
	if (rc >= 0)
		return 0;
	watch_flush(r->w);
	return msg_err(KT_OUTPUT, -rc, "unable to write %s/%s/run.jsonl", r->dir.runs, r->dir.name);
}

/* kt-report over the run's records, to `out`: 0 with its wait status, or an exit code, said. */
static int report(struct run *r, int out, bool plain, int *status)
{
	char path[PATH_MAX];
	const char *argv[4] = { path };
	struct spawn_opts so = { .argv = argv, .in = -1, .out = out, .err = r->w->err };
	struct spawn s;
	int n = 1, rc;
	bool drawn;

	if (plain)
		argv[n++] = "--color=never";
	if (r->o->verbose)
		argv[n++] = "--verbose";
	rc = tool_find("report", path);
	if (rc)
		return rc;
	so.in = openat(r->dir.dir, "run.jsonl", O_RDONLY | O_CLOEXEC);
	if (so.in < 0)
		return msg_err(KT_SYS, errno, "unable to open %s/%s/run.jsonl", r->dir.runs,
			       r->dir.name);
	if (plain)
		so.err = SPAWN_NULL; /* it is said once, by the one for people */
	rc = spawn_start(&s, &so);
	close(so.in);
	if (rc)
		return msg_err(KT_NOEXEC, -rc, "unable to run %s", path);
	drawn = r->w->progress.on;
	r->w->progress.on = drawn && plain; /* not into what people read */
	rc = watch_child(r->w, &s, REPORT_MS, status);
	r->w->progress.on = drawn;
	if (rc)
		spawn_stop(&s, 0);
	spawn_close(&s);
	watch_flush(r->w);
	return rc ? msg_err(KT_SYS, 0, "kt-report did not end and was stopped") : 0;
}

/*
 * What became of a report on a run that ended with `code`: 0, or an exit code, said. A
 * report has the exit code of the run; of one that was not judged it can have any.
 */
static int report_code(int status, int code)
{
	int rc = spawn_code(status);

	if (WIFSIGNALED(status))
		return msg_err(KT_SYS, 0, "kt-report was killed by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (rc == code || (code >= KT_USAGE && rc != KT_OUTPUT))
		return 0;
	return msg_err(rc >= KT_USAGE ? rc : KT_SOFTWARE, 0,
		       "kt-report ended with exit code %d, expected %d, that of the run", rc, code);
}

/* report.txt, complete or not at all. */
static int report_file(struct run *r, int code)
{
	struct stat st;
	int rc, status = 0;
	int fd = openat(r->dir.dir, ".report.txt", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return msg_err(KT_OUTPUT, errno, "unable to create report.txt in %s/%s",
			       r->dir.runs, r->dir.name);
	rc = report(r, fd, true, &status);
	if (!rc)
		rc = report_code(status, code);
	if (!rc && (fstat(fd, &st) || (!st.st_size && code < KT_USAGE)))
		rc = msg_err(KT_SOFTWARE, 0, "kt-report had nothing to say");
	if (close(fd) && !rc)
		rc = msg_err(KT_OUTPUT, errno, "unable to write report.txt");
	if (!rc && renameat(r->dir.dir, ".report.txt", r->dir.dir, "report.txt"))
		rc = msg_err(KT_OUTPUT, errno, "unable to make report.txt");
	if (!rc)
		return 0;
	unlinkat(r->dir.dir, ".report.txt", 0);
	msg_info("there is no report.txt in %s/%s", r->dir.runs, r->dir.name);
	return rc;
}

static int tell(struct run *r, int code)
{
	int rc = report_file(r, code), status = 0, rc2 = 0;

	if (r->w->signal) {
		msg_info("interrupted; the records so far are in %s/%s", r->dir.runs, r->dir.name);
		return code;
	}
	if (!r->o->quiet || code != KT_OK)
		rc2 = report(r, SPAWN_INHERIT, false, &status);
	if (!rc && !rc2 && (!r->o->quiet || code != KT_OK))
		rc2 = report_code(status, code);
	rc = rc ? rc : rc2;
	if (code != KT_OK)
		msg_info("the records are in %s/%s", r->dir.runs, r->dir.name);
	return code < KT_USAGE && rc ? rc : code;
}

/* From the sources' records in `in` to the end of the stream. */
static int run_pipeline(struct run *r, int in)
{
	int rc, code;

	progress_stage(&r->w->progress, r->o->host ? "start" : "pack");
	rc = pipeline_start(&r->pipe, in, r->o, r->w);
	if (rc)
		return rc;
	rc = follow(r);
	pipeline_finish(&r->pipe, r->w);
	if (r->len) /* a line without an end */
		outcome_line(&r->outcome, "", 0);
	if (r->w->signal)
		return KT_SIGNAL + r->w->signal;
	code = rc ? rc : outcome_code(&r->outcome, pipeline_code(&r->pipe));
	if (code < KT_USAGE && !r->began)
		code = msg_err(KT_SOFTWARE, 0,
			       "the run was judged, and no record says that it began");
	return code;
}

/* How many CPUs the test is about: a topology that is not known asks for all. */
static unsigned int cpus_of(const struct plan *p)
{
	struct topo t;
	struct errbuf e;

	return topo_parse(p->topology, &t, NULL, &e) ? UINT_MAX : topo_cpus(&t);
}

int test_run(const struct test_opts *o, const char *name, const char *replay, struct watch *w)
{
	struct run r = {
		.o = o, .w = w, .dir = { .dir = -1, .records = -1 }, .outcome = OUTCOME_NONE
	};
	struct plan plan;
	struct errbuf e;
	int fd, rc;

	progress_start(&w->progress, name);
	fd = memfd_create("kt-sources", MFD_CLOEXEC);
	if (fd < 0)
		return msg_err(KT_SYS, errno, "unable to create a file in memory");
	rc = sources_run(o, name, w, fd, &plan);
	if (!rc && o->wait_ns)
		quiet_wait(w, cpus_of(&plan), o->wait_ns);
	if (!rc && w->signal)
		rc = KT_SIGNAL + w->signal;
	if (!rc && rundir_make(&r.dir, o->runs, plan.name, &e)) {
		watch_flush(w);
		rc = msg_err(KT_OUTPUT, 0, "%s", e.text);
	}
	if (!rc) {
		setenv("KT_REPLAY", replay, 1);
		rc = run_pipeline(&r, fd);
		if (r.began)
			rc = tell(&r, rc);
		else
			rundir_remove(&r.dir);
	}
	watch_flush(w);
	rundir_close(&r.dir);
	free(r.line);
	close(fd);
	return rc;
}
