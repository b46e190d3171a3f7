// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "array.h"
#include "clock.h"
#include "control.h"
#include "kernel/objects/bpf.h"
#include "kernel/objects/bpf_prog.h"
#include "kernel/objects/domain.h"
#include "kernel/objects/flight.h"
#include "kernel/objects/scx.h"
#include "kernel/objects/symbolize.h"
#include "kernel/unwind.h"
#include "obs.h"
#include "snapshot.h"
#include "units.h"

#define COMM_LEN  17
#define LEN_MAX   (REC_LINE_MAX - 4096)
#define MAPS_GROW (32 * KBPF_MAPS_MAX) /* "truncated" takes room, too */

static const char *const reasons[] = {
	[SNAPSHOT_OP] = "op",
	[SNAPSHOT_PERIODIC] = "periodic",
	[SNAPSHOT_WATCH] = "watch",
	[SNAPSHOT_FAILURE] = "failure",
};

static void add_hex(struct json_object *to, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	rec_str(to, key, text);
}

static void add_registers(struct obs *o, struct json_object *to, unsigned int cpu)
{
	const struct engine_control *c = o->engine->control;
	struct json_object *regs = json_object_new_object(), *stack = json_object_new_array();
	uint64_t pc[KUNWIND_MAX];
	struct vcpu_regs r;
	struct errbuf e;
	size_t i, n;

	if (!c->regs || c->regs(o->self, cpu, &r, &e)) {
		rec_str(to, "regs_error",
			c->regs ? e.text : "this engine has no registers to show");
		json_object_put(regs);
		json_object_put(stack);
		return;
	}
	rec_add(regs, "ip", ksymbolize(&o->k, r.rip));
	add_hex(regs, "rip", r.rip);
	add_hex(regs, "rsp", r.rsp);
	add_hex(regs, "rflags", r.rflags);
	add_hex(regs, "cr3", r.cr3);
	rec_add(to, "regs", regs);
	n = kunwind(&o->k, &r, pc, KUNWIND_MAX);
	for (i = 0; i < n; i++)
		json_object_array_add(stack, ksymbolize(&o->k, pc[i]));
	rec_add(to, "stack", stack);
}

/* What sched_ext has counted on this CPU: zeros where there is no scheduler. */
static struct json_object *events(const struct obs *o, unsigned int cpu)
{
	uint64_t stats = kscx_events(&o->k), sum[KSET_MAX][KSET_ITEMS] = { 0 };
	char part[KSET_MAX * sizeof(uint64_t)];
	size_t len = o->k.events.end - o->k.events.begin;
	struct json_object *j;

	if (stats && len <= sizeof(part) &&
	    !kmem_read(&o->k.mem, kview_percpu(&o->k, stats, cpu) + o->k.events.begin, part, len))
		kset_add(&o->k.events, part, sum);
	j = json_object_new_object();
	kset_json(&o->k.events, sum, j);
	return j;
}

static struct json_object *cpu_json(struct obs *o, unsigned int cpu)
{
	struct json_object *j = json_object_new_object(), *curr = json_object_new_object();
	uint64_t task = kview_number(&o->k, o->k.rq[cpu], KP_RQ_CURR);
	char comm[COMM_LEN] = "";

	rec_int(j, "cpu", cpu);
	kmem_string(&o->k.mem, task + o->k.probe.f[KP_TASK_COMM].offset, comm, sizeof(comm));
	rec_int(curr, "pid", (int64_t)kview_number(&o->k, task, KP_TASK_PID));
	rec_str(curr, "comm", comm);
	rec_add(j, "curr", curr);
	rec_int(j, "nr_running", (int64_t)kview_number(&o->k, o->k.rq[cpu], KP_RQ_NR_RUNNING));
	rec_int(j, "scx_nr_running",
		(int64_t)kview_number(&o->k, o->k.rq[cpu], KP_RQ_SCX_NR_RUNNING));
	rec_int(j, "clock_ns", (int64_t)kview_number(&o->k, o->k.rq[cpu], KP_RQ_CLOCK));
	rec_int(j, "nr_switches", (int64_t)kview_number(&o->k, o->k.rq[cpu], KP_RQ_NR_SWITCHES));
	rec_add(j, "local_dsq", kscx_local(&o->k, cpu));
	rec_add(j, "runnable", kscx_runnable(&o->k, cpu));
	if (o->k.events.n)
		rec_add(j, "events", events(o, cpu));
	rec_add(j, "domains", kdomain_cpu(&o->k, cpu));
	add_registers(o, j, cpu);
	return j;
}

static struct json_object *collect(struct obs *o, enum snapshot_reason why)
{
	struct json_object *r = rec_new("snapshot"), *cpus = json_object_new_array();
	struct json_object *exit;
	unsigned int cpu;

	kview_begin(&o->k);
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		json_object_array_add(cpus, cpu_json(o, cpu));
	rec_add(r, "cpus", cpus);
	if (kscx_bypassing(&o->k))
		rec_bool(r, "bypass", true);
	exit = kscx_exit(&o->k, &o->end);
	if (!exit && why == SNAPSHOT_FAILURE) /* the kernel was faster than the pause */
		exit = json_object_get(o->exit);
	rec_add(r, "exit", exit);
	rec_add(r, "dsqs", kscx_queues(&o->k));
	rec_add(r, "maps", kbpf_maps(&o->k));
	rec_add(r, "progs", kbpf_progs_json(&o->k));
	if (why == SNAPSHOT_FAILURE)
		rec_add(r, "flight", kflight_events(&o->k));
	if (kmem_spent(&o->k.mem))
		rec_bool(r, "truncated", true);
	return r;
}

/* The entries of a map are replaced by their number. */
static void drop_entries(struct json_object *map)
{
	int64_t n = (int64_t)json_object_array_length(rec_get_arr(map, "entries"));

	rec_int(map, "truncated", rec_get_int(map, "truncated", 0) + n);
	rec_add(map, "entries", json_object_new_array());
}

/* Drops those of the maps that have the most text until `excess` bytes are gone, or all are. */
static void drop_maps(struct json_object *maps, size_t excess)
{
	size_t len[KBPF_MAPS_MAX], i, largest, n = json_object_array_length(maps);

	for (i = 0; i < n; i++)
		len[i] = rec_len(rec_get_arr(json_object_array_get_idx(maps, i), "entries"));
	for (;;) {
		for (i = 1, largest = 0; i < n; i++)
			if (len[i] > len[largest])
				largest = i;
		if (!n || !len[largest])
			return;
		drop_entries(json_object_array_get_idx(maps, largest));
		if (len[largest] >= excess)
			return;
		excess -= len[largest];
		len[largest] = 0;
	}
}

/* No reader of records takes a longer line: what is large goes first. */
static void fit(struct json_object *r)
{
	static const char *const lists[] = { "dsqs", "flight", "progs", "cpus" };
	size_t len = rec_len(r), i;

	if (len < LEN_MAX)
		return;
	rec_bool(r, "truncated", true);
	drop_maps(rec_get_arr(r, "maps"), len - LEN_MAX + MAPS_GROW);
	for (i = 0; i < ARRAY_SIZE(lists) && rec_len(r) >= LEN_MAX; i++)
		if (rec_get_arr(r, lists[i]))
			rec_add(r, lists[i], json_object_new_array());
}

int snapshot_take(struct obs *o, const char *name, enum snapshot_reason why, uint64_t now_ns,
		  struct errbuf *e)
{
	uint64_t stop = 0, read, resume = 0;
	struct json_object *r;
	bool gone;
	int rc;

	if (!o->attached)
		return errbuf_set(e, -ENODEV, "the guest's kernel cannot be read");
	rc = obs_pause(o, &stop, e);
	/* a guest that has come to its end stands still for ever, and its memory is still there */
	gone = rc == -ESRCH;
	if (rc && !gone)
		return rc;
	read = clock_ns();
	r = collect(o, why);
	read = clock_ns() - read;
	rc = gone ? 0 : obs_resume(o, &resume, e);
	ksym_rest(&o->k.sym);
	rec_str(r, "name", name);
	rec_str(r, "reason", reasons[why]);
	rec_int(r, "t_ns", (int64_t)now_ns);
	rec_int(r, "pause_ns", (int64_t)(stop + read + resume));
	rec_int(r, "stop_ns", (int64_t)stop);
	rec_int(r, "read_ns", (int64_t)read);
	rec_int(r, "resume_ns", (int64_t)resume);
	fit(r);
	rec_put(o->out, r);
	return rc;
}

void snapshot_rehearse(struct obs *o)
{
	struct errbuf e;
	uint64_t took;

	if (obs_pause(o, &took, &e))
		return;
	json_object_put(collect(o, SNAPSHOT_OP));
	obs_resume(o, &took, &e);
	ksym_rest(&o->k.sym);
}
