// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples: what each CPU's runqueue says at one moment, read while the guest runs. A sample is
 * not atomic: CPUs go on while others are read, so two columns may differ by what happened in
 * the microseconds between. Columns, not rows: an array per field, an item per CPU.
 */
#include <string.h>
#include <time.h>

#include "array.h"
#include "control.h"
#include "kernel/objects/bpf.h"
#include "kernel/objects/bpf_prog.h"
#include "kernel/objects/domain.h"
#include "kernel/objects/scx.h"
#include "kernel/objects/task.h"
#include "live.h"
#include "monitor.h"
#include "obs.h"
#include "units.h"
#include "waiting.h"

#define COMM_LEN 16

static const struct {
	enum kprobe probe;
	const char *name;
} columns[] = {
	{ KP_RQ_NR_RUNNING, "nr_running" },   { KP_RQ_SCX_NR_RUNNING, "scx_nr_running" },
	{ KP_RQ_SCX_FLAGS, "scx_flags" },     { KP_RQ_CLOCK, "clock_ns" },
	{ KP_RQ_NR_SWITCHES, "nr_switches" }, { KP_RQ_RUN_DELAY, "run_delay_ns" },
	{ KP_RQ_PCOUNT, "pcount" },           { KP_RQ_YLD_COUNT, "yld_count" },
	{ KP_RQ_SCHED_COUNT, "sched_count" }, { KP_RQ_SCHED_GOIDLE, "sched_goidle" },
	{ KP_RQ_TTWU_COUNT, "ttwu_count" },   { KP_RQ_TTWU_LOCAL, "ttwu_local" },
};

static uint64_t number(const struct obs *o, uint64_t object, const struct kfield *f)
{
	uint64_t v;

	return object && f->known && !kmem_number(&o->k.mem, object + f->offset, f->size, &v) ? v
											      : 0;
}

static void column(struct obs *o, const char *name, const struct kfield *f)
{
	unsigned int cpu;

	jtext_key(&o->text, name);
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, number(o, o->k.rq[cpu], f));
	jtext_close(&o->text, ']');
}

/* The local DSQ is part of the runqueue: its depth is two offsets away. */
static void local_dsqs(struct obs *o)
{
	struct kfield f = o->k.probe.f[KP_DSQ_NR];

	if (!o->k.probe.f[KP_RQ_SCX_LOCAL_DSQ].known || !f.known)
		return;
	f.offset += o->k.probe.f[KP_RQ_SCX_LOCAL_DSQ].offset;
	column(o, "local_dsq", &f);
}

/* What sched_ext counts, each event a column: zeros where there is no scheduler. */
static void events(struct obs *o)
{
	uint64_t stats = kscx_events(&o->k), base[TOPO_MAX_CPUS], v;
	unsigned int cpu, i;

	if (!o->k.events.n)
		return;
	jtext_key(&o->text, "events");
	jtext_open(&o->text, '{');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		base[cpu] = stats ? kview_percpu(&o->k, stats, cpu) : 0;
	for (i = 0; i < o->k.events.n; i++) {
		const struct kcounter *c = &o->k.events.c[i];

		jtext_key(&o->text, c->name);
		jtext_open(&o->text, '[');
		for (cpu = 0; cpu < o->k.m->cpus; cpu++) {
			if (!base[cpu] ||
			    kmem_number(&o->k.mem, base[cpu] + c->offset, c->size, &v))
				v = 0;
			jtext_uint(&o->text, v);
		}
		jtext_close(&o->text, ']');
	}
	jtext_close(&o->text, '}');
}

/*
 * Is the task on a CPU that its mask has not? Then so it is still once all was read: a task that
 * has left the CPU meanwhile says nothing.
 */
static bool is_outside(const struct obs *o, unsigned int cpu, uint64_t task)
{
	struct cpulist cpus;

	return ktask_cpus(&o->k, task, cpu, &cpus) && !cpulist_has(&cpus, cpu) &&
	       ktask_class(&o->k, task) != KCLASS_STOP &&
	       number(o, o->k.rq[cpu], &o->k.probe.f[KP_RQ_CURR]) == task;
}

static void classes(struct obs *o, const uint64_t *task)
{
	const char *name;
	unsigned int cpu;

	if (!o->k.probe.f[KP_TASK_CLASS].known)
		return;
	jtext_key(&o->text, "curr_class");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++) {
		name = kclass_name(ktask_class(&o->k, task[cpu]));
		jtext_str(&o->text, name ? name : "");
	}
	jtext_close(&o->text, ']');
	jtext_key(&o->text, "curr_outside");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, is_outside(o, cpu, task[cpu]));
	jtext_close(&o->text, ']');
}

/* Who runs: pid and comm of the current task of each CPU, and whether that is its idle task. */
static void currents(struct obs *o)
{
	const struct kfield *pid = &o->k.probe.f[KP_TASK_PID], *comm = &o->k.probe.f[KP_TASK_COMM];
	uint64_t task[TOPO_MAX_CPUS];
	char text[COMM_LEN + 1];
	unsigned int cpu;

	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		task[cpu] = number(o, o->k.rq[cpu], &o->k.probe.f[KP_RQ_CURR]);
	jtext_key(&o->text, "curr_pid");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, number(o, task[cpu], pid));
	jtext_close(&o->text, ']');
	jtext_key(&o->text, "curr_comm");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++) {
		if (!comm->known ||
		    kmem_string(&o->k.mem, task[cpu] + comm->offset, text, sizeof(text)) < 0)
			text[0] = '\0';
		jtext_str(&o->text, text);
	}
	jtext_close(&o->text, ']');
	jtext_key(&o->text, "idle");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, task[cpu] && task[cpu] == number(o, o->k.rq[cpu],
								      &o->k.probe.f[KP_RQ_IDLE]));
	jtext_close(&o->text, ']');
	classes(o, task);
}

/* Whether a scheduler of sched_ext is there, and schedules. */
static void scheduler(struct obs *o)
{
	enum kscx_state state = kscx_state(&o->k);
	char name[128] = "";

	if (state == KSCX_UNKNOWN)
		return;
	if (state != KSCX_DISABLED && !kscx_ops_name(&o->k, name, sizeof(name)))
		name[0] = '\0';
	jtext_key(&o->text, "scx");
	jtext_open(&o->text, '{');
	jtext_key(&o->text, "state");
	jtext_str(&o->text, kprobe_state_name(state));
	jtext_key(&o->text, "ops");
	jtext_str(&o->text, name);
	jtext_key(&o->text, "bypass");
	jtext_bool(&o->text, kscx_bypassing(&o->k));
	jtext_close(&o->text, '}');
}

static void user_dsqs(struct obs *o)
{
	uint64_t dsq[KSCX_DSQS_MAX];
	size_t i, n = kscx_dsqs(&o->k, dsq, KSCX_DSQS_MAX);

	jtext_key(&o->text, "dsqs");
	jtext_open(&o->text, '[');
	for (i = 0; i < n; i++) {
		jtext_open(&o->text, '{');
		jtext_key(&o->text, "id");
		jtext_uint(&o->text, kview_number(&o->k, dsq[i], KP_DSQ_ID));
		jtext_key(&o->text, "nr");
		jtext_uint(&o->text, kview_number(&o->k, dsq[i], KP_DSQ_NR));
		jtext_close(&o->text, '}');
	}
	jtext_close(&o->text, ']');
}

/*
 * The programs that ran since the guest began to count, once a second: each has a counter for
 * each CPU.
 */
static void programs(struct obs *o, uint64_t now_ns)
{
	struct kbpf_prog p[KBPF_PROGS_MAX];
	size_t i, n;

	if (o->progs_ns && now_ns - o->progs_ns < NSEC_PER_SEC)
		return;
	o->progs_ns = now_ns;
	n = kbpf_progs(&o->k, p);
	jtext_key(&o->text, "progs");
	jtext_open(&o->text, '[');
	for (i = 0; i < n; i++) {
		if (!p[i].cnt)
			continue;
		jtext_open(&o->text, '{');
		jtext_key(&o->text, "id");
		jtext_uint(&o->text, p[i].id);
		jtext_key(&o->text, "name");
		jtext_str(&o->text, p[i].name);
		if (p[i].op) {
			jtext_key(&o->text, "op");
			jtext_str(&o->text, p[i].op);
		}
		jtext_key(&o->text, "cnt");
		jtext_uint(&o->text, p[i].cnt);
		jtext_key(&o->text, "ns");
		jtext_uint(&o->text, p[i].ns);
		jtext_close(&o->text, '}');
	}
	jtext_close(&o->text, ']');
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

void monitor_sample(struct obs *o, uint64_t now_ns)
{
	uint64_t since = cpu_ns();
	size_t i;

	kview_begin(&o->k);
	kclock_look(o, obs_ran(o, now_ns));
	steal_poll(&o->steal, o->engine, o->self, now_ns);
	jtext_reset(&o->text);
	jtext_raw(&o->text, "{\"type\":\"sample\"");
	jtext_key(&o->text, "t_ns");
	jtext_uint(&o->text, now_ns);
	jtext_key(&o->text, "cpu");
	jtext_open(&o->text, '{');
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (o->k.probe.f[columns[i].probe].known)
			column(o, columns[i].name, &o->k.probe.f[columns[i].probe]);
	local_dsqs(o);
	currents(o);
	kidle_sample(o, now_ns);
	steal_columns(&o->steal, &o->text);
	jtext_close(&o->text, '}');
	kwait_sample(o, now_ns);
	scheduler(o);
	steal_slices(&o->steal, &o->text);
	events(o);
	user_dsqs(o);
	programs(o, now_ns);
	kdomain_sample(&o->k, &o->text);
	live_sample(o);
	jtext_key(&o->text, "cost_ns");
	jtext_uint(&o->text, cpu_ns() - since);
	jtext_close(&o->text, '}');
	if (o->text.failed || kmem_spent(&o->k.mem))
		return; /* a guest that lies: there is nothing that one could believe */
	rec_pass(o->out, o->text.buf, o->text.len);
	o->out->records++;
	o->samples++;
}
