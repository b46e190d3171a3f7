// SPDX-License-Identifier: GPL-2.0-only
/* Does the ops of a step in turn, and writes a record of each. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "crews.h"
#include "homes.h"
#include "measure/file.h"
#include "measure/telemetry.h"
#include "ops.h"
#include "ops_table.h"
#include "record.h"
#include "sysctl.h"

#define WRITE_LIMIT (2 * NSEC_PER_SEC)

static int home_of(struct world *w, struct json_object *op, const char *key, struct home **h,
		   struct errbuf *e)
{
	return world_get(w, rec_get_str(op, key, "?"), h, e);
}

/* What a file of the cgroup says now. */
static void read_back(struct json_object *rec, const char *key, const struct home *h,
		      const char *file)
{
	char text[CPULIST_TEXT_MAX];

	if (cgroup_get(&h->cg, file, text, sizeof(text)) >= 0)
		rec_str(rec, key, text);
}

static int op_add_cgroup(struct world *w, struct json_object *op, struct json_object *rec,
			 struct errbuf *e)
{
	struct json_object *cgroup = rec_get_obj(op, "cgroup");
	int rc = world_add(w, cgroup, e);

	rec_str(rec, "cgroup", rec_get_str(cgroup, "name", "?"));
	if (!rc)
		rc = world_people(w, cgroup, e);
	return rc ? rc : world_start(w, e);
}

static int op_remove_cgroup(struct world *w, struct json_object *op, struct json_object *rec,
			    struct errbuf *e)
{
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	(void)rec;
	return rc ? rc : world_remove(w, h, e);
}

static int op_set_cpuset(struct world *w, struct json_object *op, struct json_object *rec,
			 struct errbuf *e)
{
	struct home *h;
	const char *mems = rec_get_str(op, "mems", NULL); /* where there are several nodes */
	int rc = home_of(w, op, "cgroup", &h, e);

	if (!rc)
		rc = world_set_cpus(w, h, rec_get_str(op, "cpus", ""), e);
	if (!rc && mems)
		rc = world_set_mems(w, h, mems, e);
	if (!rc)
		read_back(rec, "effective", h, "cpuset.cpus.effective");
	return rc;
}

static int op_swap_cpusets(struct world *w, struct json_object *op, struct json_object *rec,
			   struct errbuf *e)
{
	struct json_object *names = rec_get_arr(op, "cgroups"), *effective;
	char cpus[2][CPULIST_TEXT_MAX];
	struct home *h[2];
	int i, rc = 0;

	for (i = 0; i < 2 && !rc; i++) {
		rc = world_get(w, json_object_get_string(json_object_array_get_idx(names, i)),
			       &h[i], e);
		if (!rc && cgroup_get(&h[i]->cg, "cpuset.cpus", cpus[i], sizeof(cpus[i])) < 0)
			rc = errbuf_set(e, -EIO, "unable to read cpuset.cpus of '%s'", h[i]->name);
	}
	for (i = 0; i < 2 && !rc; i++)
		rc = world_set_cpus(w, h[i], cpus[!i], e);
	if (rc)
		return rc;
	effective = json_object_new_array();
	for (i = 0; i < 2; i++) {
		if (cgroup_get(&h[i]->cg, "cpuset.cpus.effective", cpus[i], sizeof(cpus[i])) < 0)
			cpus[i][0] = '\0';
		json_object_array_add(effective, json_object_new_string(cpus[i]));
	}
	rec_add(rec, "effective", effective);
	return 0;
}

static int op_spawn(struct world *w, struct json_object *op, struct json_object *rec,
		    struct errbuf *e)
{
	struct json_object *group = rec_get_obj(op, "group");
	const char *name = rec_get_str(op, "cgroup", NULL);
	struct home *h = NULL;
	int rc = name ? world_get(w, name, &h, e) : 0;

	rec_int(rec, "workers", rec_get_int(group, "workers", 0));
	if (!rc)
		rc = world_spawn(w, h, group, (unsigned int)rec_get_int(op, "index", 0), e);
	return rc ? rc : world_start(w, e);
}

static int op_stop_cgroup(struct world *w, struct json_object *op, struct json_object *rec,
			  struct errbuf *e)
{
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	(void)rec;
	return rc ? rc : world_stop(w, h, false, e);
}

static int op_set_affinity(struct world *w, struct json_object *op, struct json_object *rec,
			   struct errbuf *e)
{
	struct attr_cpus a;
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e), n;

	if (!rc)
		rc = attr_read_affinity(&a, rec_get_obj(op, "affinity"), e);
	if (rc)
		return rc;
	n = world_affinity(w, h, &a, e);
	if (n < 0)
		return n;
	rec_int(rec, "tasks", n);
	world_note_cpus(w);
	return 0;
}

static int op_move_tasks(struct world *w, struct json_object *op, struct json_object *rec,
			 struct errbuf *e)
{
	struct home *from, *to;
	int rc = home_of(w, op, "from", &from, e);

	if (!rc)
		rc = home_of(w, op, "to", &to, e);
	if (!rc)
		rc = world_move(w, from, to, e);
	if (rc < 0)
		return rc;
	rec_int(rec, "tasks", rc);
	return 0;
}

static int freeze(struct world *w, struct json_object *op, struct json_object *rec, bool frozen,
		  struct errbuf *e)
{
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	if (!rc)
		rc = world_freeze(w, h, frozen, e);
	if (!rc)
		rec_int(rec, "frozen", cgroup_get_key(&h->cg, "cgroup.events", "frozen", -1));
	return rc;
}

static int op_freeze(struct world *w, struct json_object *op, struct json_object *rec,
		     struct errbuf *e)
{
	return freeze(w, op, rec, true, e);
}

static int op_unfreeze(struct world *w, struct json_object *op, struct json_object *rec,
		       struct errbuf *e)
{
	return freeze(w, op, rec, false, e);
}

static int add_proc(void *arg, pid_t pid)
{
	return json_object_array_add(arg, json_object_new_int(pid)) ? -ENOMEM : 0;
}

static int op_capture_procs(struct world *w, struct json_object *op, struct json_object *rec,
			    struct errbuf *e)
{
	struct json_object *procs = json_object_new_array();
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	rec_add(rec, "procs", procs);
	if (!rc)
		rc = cgroup_each(&h->cg, add_proc, procs, e);
	return rc < 0 ? rc : 0;
}

/* What the op is told to write, and what the file says then. */
static int set_file(struct world *w, struct json_object *op, struct json_object *rec,
		    const char *file, const char *value, struct errbuf *e)
{
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	if (!rc)
		rc = cgroup_set(&w->tree, &h->cg, file, value, e);
	if (!rc)
		read_back(rec, "now", h, file);
	return rc;
}

static int op_set_cpu_weight(struct world *w, struct json_object *op, struct json_object *rec,
			     struct errbuf *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)rec_get_int(op, "weight", 100));
	return set_file(w, op, rec, "cpu.weight", text, e);
}

static int op_set_cpu_max(struct world *w, struct json_object *op, struct json_object *rec,
			  struct errbuf *e)
{
	return set_file(w, op, rec, "cpu.max", rec_get_str(op, "value", "max 100000"), e);
}

static int hotplug(struct world *w, struct json_object *op, struct json_object *rec, bool online,
		   struct errbuf *e)
{
	char text[CPULIST_TEXT_MAX];
	struct cpulist l;
	int rc = cpulist_parse(rec_get_str(op, "cpus", ""), &l, e);

	sched_cpus_change(w->sched);
	if (!rc)
		rc = world_hotplug(w, &l, online, e);
	sched_cpus_change(w->sched);
	world_note_cpus(w);
	if (file_read_line("/sys/devices/system/cpu/online", text, sizeof(text)) >= 0)
		rec_str(rec, "online", text);
	return rc;
}

static int op_cpu_offline(struct world *w, struct json_object *op, struct json_object *rec,
			  struct errbuf *e)
{
	return hotplug(w, op, rec, false, e);
}

static int op_cpu_online(struct world *w, struct json_object *op, struct json_object *rec,
			 struct errbuf *e)
{
	return hotplug(w, op, rec, true, e);
}

struct volley {
	int signal, sent;
};

static int shoot(void *arg, pid_t pid)
{
	struct volley *v = arg;

	v->sent += kill(pid, v->signal) == 0;
	return 0;
}

static int signal_of(const char *name)
{
	const char *abbrev;
	int i;

	for (i = 1; i < NSIG; i++) {
		abbrev = sigabbrev_np(i);
		if (abbrev && strcmp(abbrev, name) == 0)
			return i;
	}
	return 0;
}

static int op_signal(struct world *w, struct json_object *op, struct json_object *rec,
		     struct errbuf *e)
{
	const char *name = rec_get_str(op, "signal", "?");
	struct volley v = { .signal = signal_of(name) };
	struct home *h;
	int rc = home_of(w, op, "cgroup", &h, e);

	if (!rc && !v.signal)
		rc = errbuf_set(e, -EINVAL, "unknown signal '%s'", name);
	if (!rc)
		rc = cgroup_each(&h->cg, shoot, &v, e);
	rec_int(rec, "tasks", v.sent);
	return rc < 0 ? rc : 0;
}

static int op_sysctl(struct world *w, struct json_object *op, struct json_object *rec,
		     struct errbuf *e)
{
	char path[SYSCTL_PATH], now[256];
	int rc = sysctl_set(&w->writer, rec_get_str(op, "key", "?"), rec_get_str(op, "value", ""),
			    path, e);

	if (!rc && file_read_line(path, now, sizeof(now)) >= 0)
		rec_str(rec, "now", now);
	return rc;
}

static int op_write(struct world *w, struct json_object *op, struct json_object *rec,
		    struct errbuf *e)
{
	const char *path = rec_get_str(op, "path", "?");
	int rc = writer_put(&w->writer, path, rec_get_str(op, "value", ""), WRITE_LIMIT);

	(void)rec;
	world_note_cpus(w); /* it may have been a cpuset */
	return rc ? errbuf_set(e, rc, "unable to write to %.200s: %s", path, strerror(-rc)) : 0;
}

static const struct op_kind ops_world[] = {
	{ "add_cgroup", op_add_cgroup },
	{ "remove_cgroup", op_remove_cgroup },
	{ "set_cpuset", op_set_cpuset },
	{ "clear_cpuset", op_set_cpuset },
	{ "swap_cpusets", op_swap_cpusets },
	{ "spawn", op_spawn },
	{ "stop_cgroup", op_stop_cgroup },
	{ "set_affinity", op_set_affinity },
	{ "move_tasks", op_move_tasks },
	{ "freeze", op_freeze },
	{ "unfreeze", op_unfreeze },
	{ "capture_procs", op_capture_procs },
	{ "set_cpu_weight", op_set_cpu_weight },
	{ "set_cpu_max", op_set_cpu_max },
	{ "cpu_offline", op_cpu_offline },
	{ "cpu_online", op_cpu_online },
	{ "signal", op_signal },
	{ "sysctl", op_sysctl },
	{ "write", op_write },
	{ NULL, NULL },
};

static const struct op_kind ops_host[] = {
	{ "snapshot", NULL },    { "watch", NULL }, { "read", NULL },
	{ "write_value", NULL }, { NULL, NULL },
};

static const struct op_kind *find(const char *name)
{
	static const struct op_kind *const tables[] = { ops_world, ops_programs, ops_host, NULL };
	const struct op_kind *k;
	int i;

	for (i = 0; tables[i]; i++)
		for (k = tables[i]; k->name; k++)
			if (strcmp(k->name, name) == 0)
				return k;
	return NULL;
}

/* The record with what the plan says of the op, objects left out. */
static struct json_object *record(const struct world *w, struct json_object *op, size_t index)
{
	struct json_object *o = rec_new("op");

	if (w->step == WORLD_BACKDROP)
		rec_add(o, "step", NULL);
	else
		rec_int(o, "step", w->step);
	rec_int(o, "index", (int64_t)index);
	rec_each (op, key, value)
		if (!json_object_is_type(value, json_type_object) && strcmp(key, "index"))
			json_object_object_add(o, key, json_object_get(value));
	return o;
}

static int failed(int rc, size_t index, const char *name, const struct errbuf *why,
		  struct errbuf *e)
{
	return rc < 0 ? errbuf_set(e, rc, "op %zu (%.40s): %.400s", index, name, why->text) : rc;
}

/* The record is out before kt-vm acts on it, which puts right what is not known yet. */
static int request(struct world *w, struct json_object *rec, size_t index, const char *name,
		   struct errbuf *e)
{
	struct errbuf why = { "" };

	rec_int(rec, "guest_ns", (int64_t)clock_ns());
	rec_int(rec, "duration_ns", 0);
	rec_bool(rec, "ok", false);
	rec_bool(rec, "request", true);
	return failed(ops_request(w, rec, &why), index, name, &why, e);
}

static int run_one(struct world *w, struct json_object *op, size_t index, struct ops_count *t,
		   struct errbuf *e)
{
	const char *name = rec_get_str(op, "op", "?");
	struct json_object *o = record(w, op, index);
	const struct op_kind *k = find(name);
	struct errbuf why = { "" };
	uint64_t begin = clock_ns();
	int64_t took;
	int rc;

	if (k && !k->run)
		return request(w, o, index, name, e);
	rc = k ? k->run(w, op, o, &why) : errbuf_set(&why, -EINVAL, "unknown op");
	took = (int64_t)(clock_ns() - begin);
	rec_int(o, "guest_ns", (int64_t)begin);
	rec_int(o, "duration_ns", took);
	rec_bool(o, "ok", rc == 0);
	rec_str(o, "error", rc ? why.text : NULL);
	if (!t || rc) {
		rec_put(w->out, o);
		return failed(rc, index, name, &why, e);
	}
	t->count++;
	t->longest_ns = took > t->longest_ns ? took : t->longest_ns;
	json_object_put(t->last);
	t->last = o;
	return 0;
}

int ops_run(struct world *w, struct json_object *list, struct ops_tally *t, struct errbuf *e)
{
	size_t i, n = list ? json_object_array_length(list) : 0;
	int rc = 0;

	for (i = 0; i < n && !rc && !world_over(w); i++)
		rc = run_one(w, json_object_array_get_idx(list, i), i, t ? &t->op[i] : NULL, e);
	return rc;
}

int ops_tally_init(struct ops_tally *t, struct json_object *list)
{
	t->n = list ? json_object_array_length(list) : 0;
	t->op = calloc(t->n + 1, sizeof(*t->op));
	return t->op ? 0 : -ENOMEM;
}

void ops_tally_end(struct world *w, struct ops_tally *t)
{
	size_t i;

	for (i = 0; t->op && i < t->n; i++)
		if (t->op[i].last) {
			rec_int(t->op[i].last, "duration_ns", t->op[i].longest_ns);
			rec_int(t->op[i].last, "count", t->op[i].count);
			rec_put(w->out, t->op[i].last);
		}
	free(t->op);
	t->op = NULL;
}
