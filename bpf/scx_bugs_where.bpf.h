/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_BUGS_WHERE_BPF_H
#define SCX_BUGS_WHERE_BPF_H

/* Bugs of scx_bugs in where a task runs: its CPU, its queue, and who is told of it. */
#include "scx_bugs_state.bpf.h"

enum { DSQ_CPU = 0x1000, DSQ_LLC = 0x2000, DSQ_ANYWHERE = 0x3000 };

static bool takes_pinned_only(s32 cpu)
{
	if (BUG(cpu_unused))
		return cpu == (s32)nr_cpus - 1;
	if (BUG(hotplug_unused))
		return cpu_came[AT(cpu)];
	if (BUG(llc_packed))
		return cpu_llc[AT(cpu)] != cpu_llc[0];
	if (BUG(smt_packed))
		return cpu && cpu != cpu_sibling[0];
	return false;
}

/* CPUs that take pinned tasks only help when many wait. */
static bool helps_late(void)
{
	return BUG(llc_packed) || BUG(smt_packed);
}

static bool same_llc(s32 a, s32 b)
{
	return cpu_llc[AT(a)] == cpu_llc[AT(b)];
}

/* May a task that wakes up be put on this CPU, by the bug? */
static bool usable(struct task_struct *p, s32 prev, s32 cpu)
{
	if (!is_pinned(p) && takes_pinned_only(cpu))
		return false;
	return !BUG(llc_never_drained) || same_llc(prev, cpu);
}

static s32 usable_idle(struct task_struct *p, s32 prev)
{
	s32 found = -1;
	u32 cpu;

	bpf_for (cpu, 0, nr_cpus) {
		if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr) && usable(p, prev, cpu) &&
		    scx_bpf_test_and_clear_cpu_idle(cpu)) {
			found = cpu;
			break;
		}
	}
	return found;
}

static s32 next_cpu(struct task_struct *p)
{
	s32 at = scx_bpf_task_cpu(p), cpu, found = at;
	u32 i;

	bpf_for (i, 1, nr_cpus) {
		cpu = (at + i) % nr_cpus;
		if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr) && !cpu_gone[AT(cpu)]) {
			found = cpu;
			break;
		}
	}
	return found;
}

static bool picks_by_bug(void)
{
	return BUG(cpu_unused) || BUG(hotplug_unused) || BUG(llc_packed) ||
	       BUG(llc_never_drained) || BUG(smt_packed);
}

/* The CPU for a task that wakes up; *idle when it was found idle and is reserved. */
static s32 pick_cpu(struct task_struct *p, s32 prev, u64 wake_flags, bool *idle)
{
	s32 cpu, here = bpf_get_smp_processor_id();

	if (BUG(no_kick) || BUG(lost_kick) || BUG(prev_only) || BUG(dispatch_by_timer) ||
	    BUG(waker_preempts))
		return prev;
	if (BUG(sync_stacked))
		return bpf_cpumask_test_cpu(here, p->cpus_ptr) ? here : prev;
	if (BUG(migration_storm))
		return next_cpu(p);
	if (!picks_by_bug())
		return scx_bpf_select_cpu_dfl(p, prev, wake_flags, idle);
	cpu = usable_idle(p, prev);
	*idle = cpu >= 0;
	return *idle ? cpu : prev;
}

/* The queue that a task waits in; those of the bugs have none that may not use some CPU. */
static u64 queue_of(struct task_struct *p)
{
	s32 cpu = scx_bpf_task_cpu(p);

	if (BUG(percpu_vtime))
		return DSQ_CPU + cpu;
	if (BUG(llc_never_drained))
		return DSQ_LLC + cpu_llc[AT(cpu)];
	if ((BUG(cpu_unused) || BUG(hotplug_unused) || helps_late()) && !is_pinned(p))
		return DSQ_ANYWHERE;
	return DSQ_SHARED;
}

/* Bugs that send a task straight to a CPU's own queue; true if it was sent. */
static bool send_local(struct task_struct *p, struct task_ctx *tc, struct bug_ctx *bc, bool woken,
		       u64 enq_flags)
{
	u64 slice = slice_of(p, tc);

	if ((BUG(prev_only) && bc->old) || (BUG(batch_dispatch) && bc->old && !woken) ||
	    (BUG(sync_stacked) && woken)) {
		dsq_insert(p, SCX_DSQ_LOCAL, slice, enq_flags);
		return true;
	}
	if (BUG(waker_preempts) && woken && is_user(p)) {
		tc->vtime = vtime_beside(p) - vtime_unit();
		dsq_insert(p, SCX_DSQ_LOCAL, slice, enq_flags | SCX_ENQ_PREEMPT);
		return true;
	}
	if (BUG(migration_storm) && is_user(p)) {
		dsq_insert(p, SCX_DSQ_LOCAL_ON | next_cpu(p), slice, enq_flags);
		return true;
	}
	if (BUG(wrong_cpu) && is_grouped(p) && is_pinned(p)) {
		u32 cpu;

		bpf_for (cpu, 0, nr_cpus) {
			if (bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
				continue;
			dsq_insert(p, SCX_DSQ_LOCAL_ON | cpu, slice, enq_flags);
			return true;
		}
	}
	return false;
}

/* A kick is lost that comes too soon after the last one. */
static bool kick_lost(void)
{
	u64 now = bpf_ktime_get_ns();

	if (BUG(no_kick))
		return true;
	if (!BUG(lost_kick))
		return false;
	if (now - kicked_at < 1500 * NSEC_PER_MSEC)
		return true;
	kicked_at = now;
	return false;
}

static void kick(struct task_struct *p, u64 enq_flags)
{
	s32 at = scx_bpf_task_cpu(p), cpu;
	u32 i;

	if (BUG(no_kick) || BUG(lost_kick)) {
		cpu = kick_lost() ? -1 : scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
		if (cpu >= 0)
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
		else if (enq_flags & SCX_ENQ_LAST)
			scx_bpf_kick_cpu(at, 0);
		return;
	}
	if (BUG(kick_storm)) {
		bpf_for (i, 0, nr_cpus)
			scx_bpf_kick_cpu(i, SCX_KICK_PREEMPT);
		return;
	}
	if (!picks_by_bug()) {
		sched_kick(p, enq_flags);
		return;
	}
	cpu = usable_idle(p, at);
	if (cpu < 0 && helps_late() && scx_bpf_dsq_nr_queued(DSQ_ANYWHERE) > 2)
		cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	else if (enq_flags & SCX_ENQ_LAST)
		scx_bpf_kick_cpu(at, 0);
}

/* Takes what a CPU without tasks takes of other queues; for bugs with more than one queue. */
static bool steal(s32 cpu)
{
	bool took = false;
	u32 i;

	if (!BUG(percpu_vtime))
		return false;
	bpf_for (i, 1, nr_cpus) {
		if (dsq_move_to_local(DSQ_CPU + (cpu + i) % nr_cpus)) {
			took = true;
			break;
		}
	}
	return took;
}

/* The queue that a CPU takes from besides the common one. */
static u64 own_queue(s32 cpu)
{
	if (BUG(percpu_vtime))
		return DSQ_CPU + cpu;
	if (BUG(llc_never_drained))
		return DSQ_LLC + cpu_llc[AT(cpu)];
	if (helps_late() && takes_pinned_only(cpu))
		return scx_bpf_dsq_nr_queued(DSQ_ANYWHERE) > 2 ? DSQ_ANYWHERE : DSQ_SHARED;
	if (BUG(cpu_unused) || BUG(hotplug_unused) || helps_late())
		return takes_pinned_only(cpu) ? DSQ_SHARED : DSQ_ANYWHERE;
	return DSQ_SHARED;
}

/* The common queue first in every other tick, so that neither starves. */
static bool take(s32 cpu)
{
	u64 own = own_queue(cpu);
	bool turn = bpf_jiffies64() & 1;

	if (own == DSQ_SHARED)
		return dsq_move_to_local(DSQ_SHARED);
	return dsq_move_to_local(turn ? own : DSQ_SHARED) ||
	       dsq_move_to_local(turn ? DSQ_SHARED : own) || steal(cpu);
}

#endif
