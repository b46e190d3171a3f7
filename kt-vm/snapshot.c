// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "kbpf.h"
#include "kflight.h"
#include "kscx.h"
#include "kunwind.h"
#include "snapshot.h"
#include "units.h"

#define COMM_LEN 17

static const char *const reasons[] = {
	[SNAPSHOT_OP] = "op",
	[SNAPSHOT_PERIODIC] = "periodic",
	[SNAPSHOT_WATCH] = "watch",
	[SNAPSHOT_FAILURE] = "failure",
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void add_address(struct obs *o, struct json_object *to, const char *key, uint64_t addr)
{
	char text[160];

	rec_str(to, key, obs_symbolise(o, addr, text, sizeof(text)));
}

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
	struct engine_regs r;
	struct errbuf e;
	char text[160];
	size_t i, n;

	if (!c->regs || c->regs(o->self, cpu, &r, &e)) {
		rec_str(to, "regs_error",
			c->regs ? e.text : "this engine has no registers to show");
		json_object_put(regs);
		json_object_put(stack);
		return;
	}
	add_address(o, regs, "ip", r.rip);
	add_hex(regs, "rip", r.rip);
	add_hex(regs, "rsp", r.rsp);
	add_hex(regs, "rflags", r.rflags);
	add_hex(regs, "cr3", r.cr3);
	rec_add(to, "regs", regs);
	n = kunwind(o, &r, pc, KUNWIND_MAX);
	for (i = 0; i < n; i++)
		json_object_array_add(
			stack, json_object_new_string(obs_symbolise(o, pc[i], text, sizeof(text))));
	rec_add(to, "stack", stack);
}

static struct json_object *cpu_json(struct obs *o, unsigned int cpu)
{
	struct json_object *j = json_object_new_object(), *curr = json_object_new_object();
	uint64_t task = obs_number(o, o->rq[cpu], KP_RQ_CURR);
	char comm[COMM_LEN] = "";

	rec_int(j, "cpu", cpu);
	kmem_string(&o->mem, task + o->probe.f[KP_TASK_COMM].offset, comm, sizeof(comm));
	rec_int(curr, "pid", (int64_t)obs_number(o, task, KP_TASK_PID));
	rec_str(curr, "comm", comm);
	rec_add(j, "curr", curr);
	rec_int(j, "nr_running", (int64_t)obs_number(o, o->rq[cpu], KP_RQ_NR_RUNNING));
	rec_int(j, "scx_nr_running", (int64_t)obs_number(o, o->rq[cpu], KP_RQ_SCX_NR_RUNNING));
	rec_int(j, "clock_ns", (int64_t)obs_number(o, o->rq[cpu], KP_RQ_CLOCK));
	rec_int(j, "nr_switches", (int64_t)obs_number(o, o->rq[cpu], KP_RQ_NR_SWITCHES));
	rec_add(j, "local_dsq", kscx_local(o, cpu));
	rec_add(j, "runnable", kscx_runnable(o, cpu));
	add_registers(o, j, cpu);
	return j;
}

static struct json_object *collect(struct obs *o, enum snapshot_reason why)
{
	struct json_object *r = rec_new("snapshot"), *cpus = json_object_new_array();
	unsigned int cpu;

	for (cpu = 0; cpu < o->m->cpus; cpu++)
		json_object_array_add(cpus, cpu_json(o, cpu));
	rec_add(r, "cpus", cpus);
	rec_add(r, "exit", kscx_exit(o));
	rec_add(r, "dsqs", kscx_queues(o));
	rec_add(r, "maps", kbpf_maps(o));
	rec_add(r, "progs", kbpf_progs(o));
	if (why == SNAPSHOT_FAILURE)
		rec_add(r, "flight", kflight_events(o));
	return r;
}

int snapshot_take(struct obs *o, const char *name, enum snapshot_reason why, uint64_t now_ns,
		  struct errbuf *e)
{
	const struct engine_control *c = o->engine->control;
	uint64_t since = clock_ns(), took;
	struct json_object *r;
	bool gone;
	int rc;

	if (!o->attached)
		return errbuf_set(e, -ENODEV, "the guest's kernel cannot be read");
	rc = c->pause(o->self, &took, e);
	/* a guest that has come to its end stands still for ever, and its memory is still there */
	gone = rc == -ESRCH;
	if (rc && !gone)
		return rc;
	r = collect(o, why);
	rc = gone ? 0 : c->resume(o->self, &took, e);
	rec_str(r, "name", name);
	rec_str(r, "reason", reasons[why]);
	rec_int(r, "t_ns", (int64_t)now_ns);
	rec_int(r, "pause_ns", (int64_t)(clock_ns() - since));
	rec_put(o->out, r);
	return rc;
}
