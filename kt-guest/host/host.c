// SPDX-License-Identifier: GPL-2.0-only
/* The course of a run on this machine: look, lay the plan over it, go in, run, go out. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "exit.h"
#include "host.h"
#include "map.h"
#include "measure/file.h"
#include "measure/sysfs.h"
#include "measure/telemetry.h"
#include "msg.h"
#include "opts.h"
#include "plan.h"
#include "record.h"
#include "run/run.h"

static void allowed_cpus(struct cpulist *l)
{
	cpu_set_t set;
	unsigned int i;

	cpulist_clear(l);
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			cpulist_add(l, i);
}

static struct json_object *host_record(const struct host_map *m, const struct host_cgroup *h,
				       struct json_object *machine)
{
	struct json_object *o = rec_new("host"), *cpus = json_object_new_array(), *nodes, *n;
	char text[CPULIST_TEXT_MAX], ops[128];
	struct utsname u;
	size_t i;

	uname(&u);
	rec_str(o, "kernel", u.release);
	rec_str(o, "cgroup", h->dir);
	rec_str(o, "cpus", cpulist_format(&m->cpus, text));
	for (i = 0; i < topo_cpus(&m->topo); i++)
		json_object_array_add(cpus, json_object_new_int(m->cpu[i]));
	rec_add(o, "cpu_of", cpus);
	nodes = json_object_new_array();
	for (i = 0; i < json_object_array_length(rec_get_arr(machine, "nodes")); i++) {
		struct json_object *of =
			json_object_array_get_idx(rec_get_arr(machine, "nodes"), i);

		n = json_object_new_object();
		rec_int(n, "id", rec_get_int(of, "id", 0));
		rec_str(n, "cpus", rec_get_str(of, "cpus", ""));
		json_object_array_add(nodes, n);
	}
	rec_add(o, "nodes", nodes);
	rec_str(o, "scheduler",
		file_read_line("/sys/kernel/sched_ext/root/ops", ops, sizeof(ops)) > 0 ? ops
										       : NULL);
	rec_int(o, "guest_ns", (int64_t)clock_ns());
	return o;
}

static void put_event(struct rec_out *out, const char *event, const char *text)
{
	struct json_object *o = rec_new("guest");

	rec_str(o, "event", event);
	rec_int(o, "guest_ns", (int64_t)clock_ns());
	if (text)
		rec_str(o, "text", text);
	rec_put(out, o);
}

/* In the cgroup; what goes wrong there is a finding about the run, not a reason for no verdict. */
static int run_inside(struct host_cgroup *h, struct host_map *m, struct json_object *plan,
		      struct rec_out *out, struct errbuf *e)
{
	char cpus[CPULIST_TEXT_MAX];
	const char *parent;
	int rc = host_cgroup_enter(h, cpulist_format(&m->cpus, cpus), &parent, e);

	if (!rc) {
		outrank_all();
		rc = run_plan(plan, parent, out, e);
		if (rc < 0)
			put_event(out, "error", e->text);
		if (rc <= KT_SIGNAL) {
			put_event(out, "done", NULL);
			rc = KT_OK;
		}
	}
	host_cgroup_leave(h);
	return rc;
}

static void tell_left(void *arg, const char *path, int killed, int error)
{
	(void)arg;
	if (error)
		msg_warn("%s is left of a run that was killed, and cannot be removed: %s", path,
			 strerror(-error));
	else
		msg_info("removed %s, left of a run that was killed, and the %d processes in it",
			 path, killed);
}

static int run(struct json_object *plan, struct rec_out *out, struct errbuf *e)
{
	struct json_object *machine = json_object_new_object();
	struct host_cgroup h = { 0 };
	struct cpulist allowed;
	struct host_map m;
	int rc = host_cgroup_find(&h, e), n;

	if (!rc)
		host_cgroup_clean(tell_left, NULL);
	n = rc ? 0 : host_plan_leave_out(plan);
	if (n)
		msg_warn("%d op%s left out: there is no guest to look into (kt test has one)", n,
			 n == 1 ? "" : "s");
	if (!rc)
		rc = host_plan_check(plan, &h, e);
	allowed_cpus(&allowed);
	sysfs_topology(machine);
	if (!rc)
		rc = host_map_make(&m, rec_get_str(plan, "topology", ""), machine, &allowed, e);
	if (!rc)
		rc = host_map_plan(&m, plan, e);
	if (!rc)
		rc = host_plan_paths(plan, e);
	if (!rc) {
		rec_put(out, json_object_get(plan));
		rec_put(out, host_record(&m, &h, machine));
		rc = run_inside(&h, &m, plan, out, e);
	}
	json_object_put(machine);
	return rc;
}

/* Reads all of the input, whose test record is kept: 0, or an exit code with words in e. */
static int read_input(const char *path, struct json_object **plan, struct errbuf *e)
{
	FILE *f = strcmp(path, "-") == 0 ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
	struct rec_in in;
	int rc;

	if (!f)
		return errbuf_set(e, KT_DATA, "unable to open %s: %s", path, strerror(errno));
	rec_in_init(&in, f);
	while ((rc = rec_next(&in, e)) > 0)
		if (!*plan && rec_is(in.obj, "test"))
			*plan = json_object_get(in.obj);
	fclose(f);
	if (rc < 0)
		rc = KT_DATA;
	else if (!*plan)
		rc = errbuf_set(e, KT_DATA,
				"%s: expected a test record, the output of 'kt-guest plan'", path);
	rec_in_free(&in);
	return rc;
}

static const struct opt rows[] = { { 0 } };

const struct opt_table host_options = {
	.command = "run",
	.usage = "PLAN.json|-",
	.about = "Does what a plan says in cgroups of this machine, without a guest.\n",
	.opt = rows,
	.operands = "<file>",
};

const struct opt_table host_clean_options = {
	.command = "clean",
	.usage = "",
	.about = "Removes what is left on this machine of runs that were killed.\n",
	.opt = rows,
};

int host_main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	struct json_object *plan = NULL;
	struct errbuf e = { "" };
	int rc;

	opts_next(&host_options, argc, argv, &rc);
	if (rc == KT_OK)
		return msg_finish(rc);
	argc -= optind;
	argv += optind;
	if (rc > 0)
		; /* it has been said */
	else if (argc != 1)
		rc = msg_usage(
			"run: expected a plan, the output of 'kt-guest plan' (- for standard "
			"input)");
	else if ((rc = read_input(argv[0], &plan, &e)) || (rc = run(plan, &out, &e)))
		if (rc < KT_SIGNAL)
			msg_err(rc, 0, "%s", e.text);
	json_object_put(plan);
	rec_end(&out, rc);
	return msg_finish(rc);
}

static void put_left(void *arg, const char *path, int killed, int error)
{
	struct json_object *o = rec_new("item");
	char text[96];

	snprintf(text, sizeof(text), "removed, with %d processes", killed);
	rec_str(o, "kind", "leftover");
	rec_str(o, "name", path);
	rec_str(o, "description", text);
	if (error)
		rec_str(o, "error", strerror(-error));
	rec_put(arg, o);
}

int host_clean_main(int argc, char **argv)
{
	struct rec_out out = { .f = stdout };
	int rc;

	opts_next(&host_clean_options, argc, argv, &rc);
	if (rc == KT_OK)
		return msg_finish(rc);
	if (rc < 0 && optind < argc)
		rc = msg_usage("clean: expected no argument");
	if (rc < 0) {
		rc = KT_OK;
		host_cgroup_clean(put_left, &out);
	}
	rec_end(&out, rc);
	return msg_finish(rc);
}
