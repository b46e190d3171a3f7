// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"
#include "idle.h"
#include "kernel/objects/idle_time.h"
#include "kernel/objects/task.h"
#include "obs.h"

#define LOOK_CPUS 64 /* of more, a look every 10 ms would cost too much */

/* Does its idle task run, and has for the time between two looks at the number of switches? */
static bool is_idle(const struct obs *o, unsigned int cpu, uint64_t *switches)
{
	uint64_t rq = o->k.rq[cpu], idle = kview_number(&o->k, rq, KP_RQ_IDLE);

	*switches = kview_number(&o->k, rq, KP_RQ_NR_SWITCHES);
	return idle && kview_number(&o->k, rq, KP_RQ_CURR) == idle &&
	       kview_number(&o->k, rq, KP_RQ_NR_SWITCHES) == *switches;
}

/*
 * An interrupt ends the kernel's idle period, and begins another. What counts here is that no task
 * has run: that is seen by the number of switches, from one sample to the next.
 */
static void follow(struct kidle *k, bool idle, uint64_t switches, uint64_t for_ns, uint64_t at_ns)
{
	uint64_t since = for_ns < at_ns ? at_ns - for_ns : 0;

	if (!k->idle || k->switches != switches) /* when last looked at, it was not yet */
		k->since_ns = since > k->looked_ns ? since : k->looked_ns;
	k->idle = idle;
	k->switches = switches;
	k->looked_ns = at_ns;
}

/*
 * The kernel counts no idle time from an interrupt on that finds a task on the queue of an idle
 * CPU, which is what a scheduler that leaves it waiting there does. Such time is seen as
 * idle_for_ns is, and added to what the kernel counts.
 */
static void count(struct kidle *k, uint64_t kernel_ns, bool active, uint64_t at_ns)
{
	uint64_t by = kernel_ns > k->kernel_ns ? kernel_ns - k->kernel_ns : 0;
	uint64_t since = k->since_ns > k->counted_ns ? k->since_ns : k->counted_ns;

	if (!active && k->idle && at_ns > since && at_ns - since > by)
		by = at_ns - since;
	k->total += by;
	k->kernel_ns = kernel_ns;
	k->counted_ns = at_ns;
}

/* Counts only in samples: the kernel counts late, and to take the larger of both each time adds up.
 */
static void look(struct obs *o, unsigned int cpu, uint64_t at_ns, bool counts)
{
	struct kidle *k = &o->idle[cpu];
	uint64_t mono = kclock_now(&o->mono, at_ns), switches, now = 0;
	struct kidle_times r = { .active = false };
	bool known = kidle_read(&o->k, cpu, &r), idle;

	if (known && r.active && mono > r.entry)
		now = mono - r.entry;
	idle = is_idle(o, cpu, &switches);
	follow(k, idle, switches, now, at_ns);
	if (known && counts)
		count(k, r.total + now, r.active || !r.told, at_ns);
}

static uint64_t idle_for(const struct kidle *k, uint64_t at_ns)
{
	return k->idle && at_ns > k->since_ns ? at_ns - k->since_ns : 0;
}

static void online(struct obs *o)
{
	uint64_t mask = kmem_symbol(&o->k.mem, KS_CPU_ACTIVE);
	struct cpulist cpus;
	unsigned int cpu;

	if (!mask)
		mask = kmem_symbol(&o->k.mem, KS_CPU_ONLINE);
	if (!ktask_mask(&o->k, mask, &cpus))
		return;
	jtext_key(&o->text, "online");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, cpulist_has(&cpus, cpu));
	jtext_close(&o->text, ']');
}

static bool look_at_all(struct obs *o, uint64_t now_ns, bool counts)
{
	uint64_t at_ns = obs_ran(o, now_ns);
	unsigned int cpu;

	if (!kidle_known(&o->k))
		return false;
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		look(o, cpu, at_ns, counts);
	return true;
}

void kidle_look(struct obs *o, uint64_t now_ns)
{
	if (o->k.m->cpus <= LOOK_CPUS)
		look_at_all(o, now_ns, false);
}

void kidle_sample(struct obs *o, uint64_t now_ns)
{
	uint64_t at_ns = obs_ran(o, now_ns);
	unsigned int cpu;

	online(o);
	if (!look_at_all(o, now_ns, true))
		return;
	jtext_key(&o->text, "idle_total_ns");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, o->idle[cpu].total);
	jtext_close(&o->text, ']');
	jtext_key(&o->text, "idle_for_ns");
	jtext_open(&o->text, '[');
	for (cpu = 0; cpu < o->k.m->cpus; cpu++)
		jtext_uint(&o->text, idle_for(&o->idle[cpu], at_ns));
	jtext_close(&o->text, ']');
}
