// SPDX-License-Identifier: GPL-2.0-only
/*
 * The left end of the pipeline: kt-guest plan, then kt-topo for the topology
 * of the plan, then kt-kernel find. They end in milliseconds; a run begins only
 * when all three have what it needs.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "msg.h"
#include "record.h"
#include "sources.h"
#include "tool.h"

/* Runs kt-<name> with its records to fd: 0, or the exit code that kt ends with. */
static int source(struct watch *w, const char *name, const char **argv, int fd)
{
	char path[PATH_MAX];
	struct spawn_opts o = { .argv = argv, .in = SPAWN_NULL, .out = fd, .err = w->err };
	struct spawn s;
	int status, rc;

	rc = tool_find(name, path);
	if (rc)
		return rc;
	argv[0] = path;
	rc = spawn_start(&s, &o);
	if (rc)
		return msg_err(KT_NOEXEC, -rc, "unable to run %s", path);
	rc = watch_child(w, &s, -1, &status);
	if (rc) {
		spawn_stop(&s, 500);
		return KT_SIGNAL + w->signal;
	}
	spawn_close(&s);
	if (!WIFSIGNALED(status))
		return spawn_code(status);
	watch_flush(w);
	return msg_err(KT_SYS, 0, "kt-%s was killed by signal %d (%s)", name, WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
}

static void take_plan(struct json_object *o, struct plan *p)
{
	snprintf(p->name, sizeof(p->name), "%s", rec_get_str(o, "name", ""));
	snprintf(p->topology, sizeof(p->topology), "%s", rec_get_str(o, "topology", ""));
	snprintf(p->memory, sizeof(p->memory), "%lldM", (long long)rec_get_int(o, "memory_mib", 0));
	p->steps = (unsigned int)json_object_array_length(rec_get_arr(o, "steps"));
	p->duration_ns = (uint64_t)rec_get_int(o, "duration_ns", 0);
}

/* Reads the test record that kt-guest has left in fd. */
static int read_plan(int fd, struct plan *p)
{
	FILE *f = fdopen(dup(fd), "r");
	struct rec_in in;
	struct errbuf e;
	int rc;

	memset(p, 0, sizeof(*p));
	if (!f || lseek(fd, 0, SEEK_SET))
		return msg_err(KT_SYS, errno, "unable to read the plan");
	rec_in_init(&in, f);
	while ((rc = rec_next(&in, &e)) > 0)
		if (rec_is(in.obj, "test") && rec_get_arr(in.obj, "steps"))
			take_plan(in.obj, p);
	if (!rc)
		rc = rec_in_complete(&in, &e);
	rec_in_free(&in);
	fclose(f);
	lseek(fd, 0, SEEK_END);
	if (rc)
		return msg_err(KT_SOFTWARE, 0, "kt-guest plan: %s", e.text);
	if (p->name[0] && p->topology[0])
		return 0;
	return msg_err(KT_SOFTWARE, 0,
		       "kt-guest plan: expected a test record with name, topology "
		       "and steps");
}

static int run_plan(const struct test_opts *o, const char *name, struct watch *w, int fd)
{
	const char **argv = calloc(o->nplan + 5, sizeof(*argv));
	size_t n = 1;
	int rc;

	if (!argv)
		return msg_err(KT_SYS, errno, "unable to run kt-guest");
	argv[n++] = "plan";
	memcpy(argv + n, o->plan, o->nplan * sizeof(*argv));
	n += o->nplan;
	argv[n++] = "--";
	argv[n] = name;
	rc = source(w, "guest", argv, fd);
	free(argv);
	return rc;
}

int sources_run(const struct test_opts *o, const char *name, struct watch *w, int fd,
		struct plan *plan)
{
	const char *topo[] = { NULL, "--memory", plan->memory, plan->topology, NULL };
	const char *kernel[] = { NULL, "find", o->kernel ? "--" : NULL, o->kernel, NULL };
	int rc;

	rc = run_plan(o, name, w, fd);
	if (!rc) {
		watch_flush(w);
		rc = read_plan(fd, plan);
	}
	if (rc)
		return rc;
	progress_plan(&w->progress, plan->name, plan->steps, plan->duration_ns);
	if (o->host)
		return lseek(fd, 0, SEEK_SET) ? msg_err(KT_SYS, errno, "unable to read the plan")
					      : 0;
	rc = source(w, "topo", topo, fd);
	if (!rc) {
		progress_stage(&w->progress, "kernel");
		rc = source(w, "kernel", kernel, fd);
	}
	if (!rc && lseek(fd, 0, SEEK_SET))
		rc = msg_err(KT_SYS, errno, "unable to read the plan");
	return rc;
}
