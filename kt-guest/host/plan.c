// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan is made for a guest of its own. On a machine that others use it must do without
 * what changes the machine, and find its programs where they are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array.h"
#include "exit.h"
#include "measure/file.h"
#include "plan.h"
#include "record.h"
#include "run/sysctl.h"

#define SCX_STATE "/sys/kernel/sched_ext/state"
#define SCX_OPS   "/sys/kernel/sched_ext/root/ops"

static int check_scheduler(struct json_object *plan, struct errbuf *e)
{
	char state[32] = "", ops[128] = "?";
	struct json_object *others = rec_get_arr(plan, "schedulers");
	struct json_object *own = rec_get_obj(plan, "scheduler");

	if (!own && (!others || !json_object_array_length(others)))
		return KT_OK;
	if (file_read_line(SCX_STATE, state, sizeof(state)) < 0)
		return errbuf_set(e, KT_HOST,
				  "this kernel has no sched_ext, so scheduler %s cannot "
				  "run (-s eevdf runs the test without it)",
				  rec_get_str(own, "name", "of an op"));
	file_read_line(SCX_OPS, ops, sizeof(ops));
	if (strcmp(state, "disabled") != 0)
		return errbuf_set(
			e, KT_HOST,
			"scheduler %s runs on this machine (%s), and kt does not displace "
			"it (-s eevdf runs the test under it)",
			ops, state);
	if (geteuid() != 0)
		return errbuf_set(e, KT_HOST, "only root can attach scheduler %s",
				  rec_get_str(own, "name", "of an op"));
	return KT_OK;
}

/* Settings must be as they are: kt changes none. */
static int check_sysctls(struct json_object *sysctls, struct errbuf *e)
{
	char path[SYSCTL_PATH], now[256], *p;
	const char *want;

	if (!sysctls)
		return KT_OK;
	rec_each (sysctls, key, value) {
		want = json_object_get_string(value);
		snprintf(path, sizeof(path), "/proc/sys/%s", key);
		for (p = path + strlen("/proc/sys/"); *p; p++)
			*p = *p == '.' ? '/' : *p;
		if (file_read_line(path, now, sizeof(now)) < 0)
			snprintf(now, sizeof(now), "no such setting");
		if (strcmp(now, want) != 0)
			return errbuf_set(
				e, KT_HOST,
				"the test wants sysctl %s = %s, which is %s here, and kt run "
				"changes no setting of the machine",
				key, want, now);
	}
	return KT_OK;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	const char *p = words;

	while ((p = strstr(p, word))) {
		if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\n' || !p[len]))
			return true;
		p += len;
	}
	return false;
}

/* Kernel arguments must be those that it was booted with. */
static int check_kargs(struct json_object *kargs, struct errbuf *e)
{
	size_t i, n = kargs ? json_object_array_length(kargs) : 0;
	char cmdline[4096];
	const char *arg;

	if (file_read("/proc/cmdline", cmdline, sizeof(cmdline)) < 0)
		cmdline[0] = '\0';
	for (i = 0; i < n; i++) {
		arg = json_object_get_string(json_object_array_get_idx(kargs, i));
		/* a disk for work types, which do without one */
		if (strncmp(arg, "null_blk.", 9) == 0 || has_word(cmdline, arg))
			continue;
		return errbuf_set(
			e, KT_HOST,
			"the test wants kernel argument %s, with which this machine was not "
			"booted",
			arg);
	}
	return KT_OK;
}

static int check_op(const char *op, struct errbuf *e)
{
	static const struct {
		const char *op, *why;
	} never[] = { { "cpu_offline", "changes the machine itself" },
		      { "cpu_online", "changes the machine itself" },
		      { "sysctl", "changes the machine itself" },
		      { "write", "changes the machine itself" },
		      { "read", "is done from outside" },
		      { "write_value", "is done from outside" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(never); i++)
		if (strcmp(op, never[i].op) == 0)
			return errbuf_set(e, KT_HOST,
					  "the test has the op %s, which %s: it runs in a guest "
					  "only (kt test)",
					  op, never[i].why);
	return KT_OK;
}

static int check_ops(struct json_object *at, struct errbuf *e)
{
	struct json_object *ops = rec_get_arr(at, "ops");
	size_t i, n = ops ? json_object_array_length(ops) : 0;
	int rc = KT_OK;

	for (i = 0; i < n && !rc; i++)
		rc = check_op(rec_get_str(json_object_array_get_idx(ops, i), "op", ""), e);
	return rc;
}

/* The controllers that an object of the plan, or what is in it, needs. */
static int check_controllers(struct json_object *v, const struct host_cgroup *h, struct errbuf *e)
{
	static const struct {
		const char *op, *controller;
	} ops[] = { { "set_cpuset", "cpuset" },
		    { "swap_cpusets", "cpuset" },
		    { "set_cpu_max", "cpu" },
		    { "set_cpu_weight", "cpu" } };
	const char *need = NULL, *op = rec_get_str(v, "op", "");
	struct json_object *files = rec_get_obj(v, "files");
	char name[32];
	size_t i;

	if (rec_get_arr(v, "groups") &&
	    (rec_get_str(v, "cpus", NULL) || rec_get_str(v, "mems", NULL)))
		need = "cpuset";
	for (i = 0; i < ARRAY_SIZE(ops); i++)
		if (strcmp(op, ops[i].op) == 0)
			need = ops[i].controller;
	if (need && !host_cgroup_has(h, need))
		return errbuf_set(e, KT_HOST, "%s has no %s controller, which the test needs",
				  h->base, need);
	if (!files)
		return KT_OK;
	rec_each (files, key, value) {
		(void)value;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(key, "."), key);
		if (!host_cgroup_has(h, name))
			return errbuf_set(e, KT_HOST,
					  "%s has no %s controller, which the test needs", h->base,
					  name);
	}
	return KT_OK;
}

static int check_body(struct json_object *at, const struct host_cgroup *h, struct errbuf *e)
{
	static const char *const lists[] = { "cgroups", "ops", NULL };
	struct json_object *list, *o, *c;
	int rc = check_ops(at, e), k;
	size_t i;

	for (k = 0; lists[k]; k++) {
		list = rec_get_arr(at, lists[k]);
		for (i = 0; list && !rc && i < json_object_array_length(list); i++) {
			o = json_object_array_get_idx(list, i);
			c = rec_get_obj(o, "cgroup");
			rc = check_controllers(o, h, e);
			if (!rc && c)
				rc = check_controllers(c, h, e);
		}
	}
	return rc;
}

int host_plan_check(struct json_object *plan, const struct host_cgroup *h, struct errbuf *e)
{
	struct json_object *sched = rec_get_obj(plan, "scheduler");
	struct json_object *steps = rec_get_arr(plan, "steps");
	int rc = check_scheduler(plan, e);
	size_t i;

	if (!rc)
		rc = check_kargs(rec_get_arr(plan, "kargs"), e);
	if (!rc)
		rc = check_kargs(rec_get_arr(sched, "kargs"), e);
	if (!rc)
		rc = check_sysctls(rec_get_obj(plan, "sysctls"), e);
	if (!rc)
		rc = check_sysctls(rec_get_obj(sched, "sysctls"), e);
	if (!rc && rec_get_str(sched, "cgroup_parent", NULL))
		rc = errbuf_set(e, KT_HOST,
				"the scheduler wants cgroups in %s, which only a guest "
				"of its own gives it",
				rec_get_str(sched, "cgroup_parent", ""));
	if (!rc)
		rc = check_body(rec_get_obj(plan, "backdrop"), h, e);
	for (i = 0; steps && !rc && i < json_object_array_length(steps); i++)
		rc = check_body(json_object_array_get_idx(steps, i), h, e);
	return rc;
}

static int leave_out_looks(struct json_object *at)
{
	struct json_object *ops = rec_get_arr(at, "ops");
	size_t i = ops ? json_object_array_length(ops) : 0;
	const char *op;
	int n = 0;

	while (i-- > 0) {
		op = rec_get_str(json_object_array_get_idx(ops, i), "op", "");
		if (strcmp(op, "snapshot") && strcmp(op, "watch"))
			continue;
		json_object_array_del_idx(ops, i, 1);
		n++;
	}
	return n;
}

int host_plan_leave_out(struct json_object *plan)
{
	struct json_object *steps = rec_get_arr(plan, "steps");
	int n = leave_out_looks(rec_get_obj(plan, "backdrop"));
	size_t i;

	for (i = 0; steps && i < json_object_array_length(steps); i++)
		n += leave_out_looks(json_object_array_get_idx(steps, i));
	return n;
}

/* What a guest finds at `guest` is here at `host`. */
struct place {
	const char *guest, *host;
};

static char *replaced(const char *s, const struct place *p)
{
	const char *at = strstr(s, p->guest);
	char *new;

	if (!at || asprintf(&new, "%.*s%s%s", (int)(at - s), s, p->host, at + strlen(p->guest)) < 0)
		return NULL;
	return new;
}

static void replace(struct json_object *v, const struct place *p);

/* The list of places itself stays as it is. */
static void replace_members(struct json_object *v, const struct place *p)
{
	rec_each (v, key, member)
		if (strcmp(key, "programs") != 0 && strcmp(key, "host") != 0)
			replace(member, p);
}

static void replace(struct json_object *v, const struct place *p)
{
	size_t i;
	char *new;

	switch (json_object_get_type(v)) {
	case json_type_object:
		replace_members(v, p);
		break;
	case json_type_array:
		for (i = 0; i < json_object_array_length(v); i++)
			replace(json_object_array_get_idx(v, i), p);
		break;
	case json_type_string:
		new = replaced(json_object_get_string(v), p);
		if (new)
			json_object_set_string(v, new);
		free(new);
		break;
	default:
		break;
	}
}

/* A file that only the plan has: in memory, where the programs that we start find it. */
static int text_file(struct json_object *plan, const char *guest, const char *text,
		     struct errbuf *e)
{
	char path[64];
	struct place p = { .guest = guest, .host = path };
	int fd = memfd_create("kt-file", 0);
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		return errbuf_set(e, KT_SYS, "unable to keep %s in memory: %s", guest,
				  strerror(errno));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	replace(plan, &p);
	return KT_OK;
}

static int scheduler_paths(struct json_object *plan, struct json_object *s, struct errbuf *e)
{
	struct json_object *files = rec_get_arr(s, "files"), *f;
	const char *guest, *text;
	struct place p;
	size_t i;
	int rc = KT_OK;

	for (i = 0; files && !rc && i < json_object_array_length(files); i++) {
		f = json_object_array_get_idx(files, i);
		guest = rec_get_str(f, "guest", "");
		text = rec_get_str(f, "text", NULL);
		p = (struct place){ .guest = strdupa(guest), .host = rec_get_str(f, "host", "") };
		if (text)
			rc = text_file(plan, p.guest, text, e);
		else
			replace(plan, &p);
	}
	if (rec_get_str(s, "binary", NULL))
		rec_str(s, "guest_binary", rec_get_str(s, "binary", NULL));
	return rc;
}

int host_plan_paths(struct json_object *plan, struct errbuf *e)
{
	struct json_object *programs = rec_get_arr(plan, "programs"), *o;
	struct json_object *others = rec_get_arr(plan, "schedulers");
	int rc = KT_OK;
	struct place p;
	size_t i;

	for (i = 0; programs && i < json_object_array_length(programs); i++) {
		o = json_object_array_get_idx(programs, i);
		p = (struct place){ .guest = rec_get_str(o, "guest", NULL),
				    .host = rec_get_str(o, "host", NULL) };
		if (p.guest && p.host)
			replace(plan, &p);
	}
	if (rec_get_obj(plan, "scheduler"))
		rc = scheduler_paths(plan, rec_get_obj(plan, "scheduler"), e);
	for (i = 0; others && !rc && i < json_object_array_length(others); i++)
		rc = scheduler_paths(plan, json_object_array_get_idx(others, i), e);
	return rc;
}
