// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_bugs, the kernel side: the sound scheduler of kt_sched.bpf.h with one bug in it,
 * by which it is seen whether a check sees it. scx_bugs.h says what each bug does.
 *
 * Which one is in is read-only data, so that the verifier drops all others. A wait that
 * a bug imposes ends before the usual watchdog comes, unless the bug is that it does not.
 * Here are the ops; scx_bugs_when.bpf.h and scx_bugs_where.bpf.h have the bugs.
 */
#include "scx_bugs_when.bpf.h"
#include "scx_bugs_where.bpf.h"

#define SCX_EXIT_CODE_RESTART \
	((1ULL << 32) | (1ULL << 48)) /* SCX_ECODE_RSN_HOTPLUG | ACT_RESTART */
#define PRIVATE_GROUP 0               /* no group: a part of the root */

SEC("struct_ops/bugs_select_cpu")
s32 BPF_PROG(bugs_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct task_ctx *tc = task_ctx(p);
	struct bug_ctx *bc = bug_ctx(p);
	bool idle = false;
	s32 cpu;

	if (BUG(none) || !tc || !bc)
		return sched_select_cpu(p, prev_cpu, wake_flags);
	count(&nr_select_cpu);
	bc->woken = true;
	cpu = pick_cpu(p, prev_cpu, wake_flags, &idle);
	if (!idle || others_wait() || BUG(lifo) || delay_of(p, tc, bc) || !may_run(p, tc))
		return cpu;
	note(p, tc, bc);
	bc->home = cpu;
	place(p, tc, true);
	dsq_insert(p, SCX_DSQ_LOCAL, slice_of(p, tc), 0);
	return cpu;
}

SEC("struct_ops/bugs_enqueue")
void BPF_PROG(bugs_enqueue, struct task_struct *p, u64 enq_flags)
{
	bool woken = enq_flags & SCX_ENQ_WAKEUP;
	struct task_ctx *tc = task_ctx(p);
	struct bug_ctx *bc = bug_ctx(p);

	if (BUG(none) || !tc || !bc) {
		sched_enqueue(p, enq_flags);
		return;
	}
	if (BUG(slow_enqueue) && is_grouped(p))
		burn(30 * NSEC_PER_MSEC);
	if (woken)
		bc->woken = true;
	note(p, tc, bc);
	if (sched_hold(p, tc, enq_flags))
		return;
	if (!send_local(p, tc, bc, woken, enq_flags)) {
		count(&nr_enqueued);
		dsq_insert_vtime(p, queue_of(p), slice_of(p, tc), key_of(p, tc, bc, woken),
				 enq_flags);
		kick(p, enq_flags);
	}
}

SEC("struct_ops/bugs_dispatch")
void BPF_PROG(bugs_dispatch, s32 cpu, struct task_struct *prev)
{
	struct task_ctx *tc = NULL;
	struct bug_ctx *bc = NULL;
	bool may_stay = false;
	u64 key;
	int i;

	if (BUG(none)) {
		sched_dispatch(cpu, prev);
		return;
	}
	if (prev && (prev->scx.flags & SCX_TASK_QUEUED)) {
		tc = task_ctx(prev);
		bc = bug_ctx(prev);
		if (tc && !BUG(charged_on_sleep))
			charge(prev, tc);
		may_stay = tc && may_run(prev, tc) && (is_pinned(prev) || !takes_pinned_only(cpu));
	}
	if (tc && bc && may_stay && !moves_on()) {
		key = BUG(lifo) ? lifo_key() : tc->vtime + behind_of(prev, bc);
		if (stays(prev, bc) || (!waits_before(DSQ_SHARED, cpu, key) &&
					!waits_before(own_queue(cpu), cpu, key))) {
			keep(prev, tc);
			return;
		}
	}
	if (took_already(cpu)) {
		if (may_stay)
			keep(prev, tc);
		return;
	}
	if (take(cpu)) {
		count(&nr_dispatched);
		for (i = 0; BUG(batch_dispatch) && i < 7; i++)
			if (!take(cpu))
				break;
	} else if (may_stay && !BUG(migration_storm)) {
		keep(prev, tc);
	}
}

SEC("struct_ops/bugs_running")
void BPF_PROG(bugs_running, struct task_struct *p)
{
	struct bug_ctx *bc = bug_ctx(p);

	if (bc) {
		bc->home = bpf_get_smp_processor_id();
		bc->old = true;
	}
	sched_running(p);
	if (BUG(slices_tiny) && is_grouped(p) && scx_bpf_dsq_nr_queued(DSQ_SHARED) > 0)
		scx_bpf_kick_cpu(bpf_get_smp_processor_id(), SCX_KICK_PREEMPT);
}

SEC("struct_ops/bugs_stopping")
void BPF_PROG(bugs_stopping, struct task_struct *p, bool runnable)
{
	struct task_ctx *tc = task_ctx(p);
	struct bug_ctx *bc = bug_ctx(p);

	if (bc)
		bc->kept_at = 0;
	if (BUG(charged_on_sleep) && runnable)
		return;
	sched_stopping(p);
	if (BUG(throttle_sticks) && tc && nr_limited && !tc->grant && is_grouped(p))
		tc->until = bpf_ktime_get_ns() + 2500 * NSEC_PER_MSEC;
}

SEC("struct_ops/bugs_runnable")
void BPF_PROG(bugs_runnable, struct task_struct *p, u64 enq_flags)
{
	sched_runnable(p);
}

SEC("struct_ops/bugs_quiescent")
void BPF_PROG(bugs_quiescent, struct task_struct *p, u64 deq_flags)
{
	sched_quiescent(p);
}

SEC("struct_ops/bugs_yield")
bool BPF_PROG(bugs_yield, struct task_struct *from, struct task_struct *to)
{
	if (!BUG(yield_ignored))
		from->scx.slice = 0;
	return false;
}

SEC("struct_ops.s/bugs_init_task")
s32 BPF_PROG(bugs_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct bug_ctx *bc;

	if (args->fork && BUG(init_task_fails) && __sync_fetch_and_add(&nr_forks, 1) >= 100)
		return -ENOMEM;
	bc = bpf_task_storage_get(&bug_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!bc)
		return -ENOMEM;
	bc->home = -1;
	bc->old = !args->fork;
	return sched_init_task(p, args);
}

SEC("struct_ops/bugs_enable")
void BPF_PROG(bugs_enable, struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);
	struct bug_ctx *bc = bug_ctx(p);

	sched_enable(p);
	if (bc)
		bc->weight = p->scx.weight;
	if (BUG(cgroup_flat) && tc)
		tc->group = PRIVATE_GROUP;
}

SEC("struct_ops.s/bugs_cgroup_init")
s32 BPF_PROG(bugs_cgroup_init, struct cgroup *cgrp, struct scx_cgroup_init_args *args)
{
	group_init(cgrp, args->weight);
	return 0;
}

SEC("struct_ops.s/bugs_cgroup_exit")
void BPF_PROG(bugs_cgroup_exit, struct cgroup *cgrp)
{
	group_exit(cgrp);
}

SEC("struct_ops/bugs_cgroup_move")
void BPF_PROG(bugs_cgroup_move, struct task_struct *p, struct cgroup *from, struct cgroup *to)
{
	if (!BUG(cgroup_move_forgotten) && !BUG(cgroup_flat))
		sched_cgroup_move(p);
}

SEC("struct_ops/bugs_cgroup_set_weight")
void BPF_PROG(bugs_cgroup_set_weight, struct cgroup *cgrp, u32 weight)
{
	if (!BUG(cgroup_weight_stale))
		group_set_weight(key_of_group(cgrp), weight);
}

SEC("struct_ops.s/bugs_cpu_online")
void BPF_PROG(bugs_cpu_online, s32 cpu)
{
	cpu_came[AT(cpu)] = cpu_gone[AT(cpu)];
	cpu_gone[AT(cpu)] = false;
}

SEC("struct_ops.s/bugs_cpu_offline")
void BPF_PROG(bugs_cpu_offline, s32 cpu)
{
	static char fmt[] = "no task may wait for a CPU that is offline";
	static char again[] = "CPUs have changed";
	unsigned long long none[] = { 0 };

	cpu_gone[AT(cpu)] = true;
	if (BUG(hotplug_error))
		scx_bpf_error_bstr(fmt, none, 0);
	if (BUG(hotplug_restart))
		scx_bpf_exit_bstr(SCX_EXIT_CODE_RESTART, again, none, 0);
}

SEC("struct_ops.s/bugs_init")
s32 BPF_PROG(bugs_init)
{
	s32 err = sched_init();
	u32 cpu;

	if (!err)
		err = scx_bpf_create_dsq(DSQ_ANYWHERE, -1);
	if (!BUG(percpu_vtime) && !BUG(llc_never_drained))
		return err;
	bpf_for (cpu, 0, nr_cpus) {
		if (err)
			break;
		if (BUG(percpu_vtime))
			err = scx_bpf_create_dsq(DSQ_CPU + cpu, -1);
		else if (cpu == 0 || cpu_llc[AT(cpu)] != cpu_llc[AT(cpu - 1)])
			err = scx_bpf_create_dsq(DSQ_LLC + cpu_llc[AT(cpu)], -1);
	}
	return err;
}

SEC("struct_ops/bugs_exit")
void BPF_PROG(bugs_exit, struct scx_exit_info *ei)
{
	sched_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops bugs_ops = {
	.select_cpu = (void *)bugs_select_cpu,
	.enqueue = (void *)bugs_enqueue,
	.dispatch = (void *)bugs_dispatch,
	.running = (void *)bugs_running,
	.stopping = (void *)bugs_stopping,
	.runnable = (void *)bugs_runnable,
	.quiescent = (void *)bugs_quiescent,
	.yield = (void *)bugs_yield,
	.init_task = (void *)bugs_init_task,
	.enable = (void *)bugs_enable,
	.cgroup_init = (void *)bugs_cgroup_init,
	.cgroup_exit = (void *)bugs_cgroup_exit,
	.cgroup_move = (void *)bugs_cgroup_move,
	.cgroup_set_weight = (void *)bugs_cgroup_set_weight,
	.cpu_online = (void *)bugs_cpu_online,
	.cpu_offline = (void *)bugs_cpu_offline,
	.init = (void *)bugs_init,
	.exit = (void *)bugs_exit,
	.flags = SCX_OPS_ENQ_LAST,
	.name = "bugs",
};
