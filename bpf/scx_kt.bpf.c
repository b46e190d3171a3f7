// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_kt, the kernel side: the sound scheduler of kt_sched.bpf.h, and the switches that
 * make it misbehave on purpose.
 *
 * A task that a switch holds back is not left in the common queue but put on one
 * of its own, so that the sound part needs to know nothing of it.
 */
#include "kt_sched.bpf.h"

#define SLOW_SLICE 5000000ULL /* ns; short, so that a slowed task rests often rather than long */

/* The switches; all zero is the sound scheduler, and the verifier drops the rest. */
const volatile u64 stall_after_ns;
const volatile u64 error_after_ns;
const volatile char starve_cgroup[KT_CGROUP_MAX];
const volatile char slow_cgroup[KT_CGROUP_MAX];
const volatile u64 slow_factor;
const volatile bool fail_verify;

u64 nr_stalled; /* tasks put aside by --stall-after */
u64 nr_starved; /* tasks put aside by --starve: one, or none yet */
u64 nr_slowed;  /* rests that --slow imposed */
u32 starved_pid;

static bool elapsed(u64 after_ns)
{
	return after_ns && bpf_ktime_get_ns() - started_ns >= after_ns;
}

/* ---- who is held back --------------------------------------------------------- */

/* Is `p` in the cgroup (of the v2 hierarchy) whose last path component is `want`? */
static __always_inline bool in_cgroup(struct task_struct *p, const volatile char *want)
{
	char name[KT_CGROUP_MAX] = {};
	int i;

	if (!want[0])
		return false;
	bpf_probe_read_kernel_str(name, sizeof(name),
				  BPF_CORE_READ(p, cgroups, dfl_cgrp, kn, name));
	for (i = 0; i < KT_CGROUP_MAX; i++) {
		if (name[i] != want[i])
			return false;
		if (!name[i])
			break;
	}
	return true;
}

/* Kernel threads run on: the watchdog that is to find the stall is one of them. */
static bool is_stalled(struct task_struct *p)
{
	return elapsed(stall_after_ns) && !(p->flags & PF_KTHREAD);
}

static bool is_starved(struct task_struct *p)
{
	return starved_pid && starved_pid == p->pid;
}

/*
 * The first task of the cgroup that is woken starves from then on. Not one that is
 * new: it shall have come to life, and not keep its parent waiting for a sign of it.
 */
static void choose_starved(struct task_struct *p, bool woken)
{
	if (woken && !starved_pid && in_cgroup(p, starve_cgroup))
		__sync_val_compare_and_swap(&starved_pid, 0, p->pid);
}

static bool is_slow(struct task_struct *p)
{
	return slow_factor && in_cgroup(p, slow_cgroup);
}

static bool hook_held(struct task_struct *p, struct task_ctx *tc)
{
	return is_stalled(p) || is_starved(p);
}

/* Puts `p` where nobody finds it; a slowed one waits until it has rested. */
static bool hook_hold(struct task_struct *p, struct task_ctx *tc, u64 enq_flags)
{
	if (is_stalled(p))
		count(&nr_stalled);
	else if (is_starved(p))
		count(&nr_starved);
	else if (is_slow(p) && before(bpf_ktime_get_ns(), tc->until))
		count(&nr_slowed);
	if (!hook_held(p, tc))
		return false;
	dsq_insert(p, DSQ_HELD, SCX_SLICE_DFL, enq_flags);
	return true;
}

/* --slow: a task that ran for `ran` rests for factor - 1 times as long. */
static u64 hook_charge(struct task_struct *p, struct task_ctx *tc, u64 ran)
{
	u64 rest, now = bpf_ktime_get_ns();

	if (!is_slow(p))
		return ran;
	rest = ran * (slow_factor - 1);
	if (rest > hold_max_ns)
		rest = hold_max_ns;
	if (before(tc->until, now))
		tc->until = now;
	tc->until += rest;
	return ran;
}

static u64 hook_slice(struct task_struct *p, u64 slice)
{
	return is_slow(p) && slice > SLOW_SLICE ? SLOW_SLICE : slice;
}

static u64 hook_weight(struct task_struct *p, u64 weight)
{
	return weight;
}

static u64 hook_group_weight(u64 weight)
{
	return weight;
}

static u64 hook_quota(const struct kt_group *g, u64 quota)
{
	return quota;
}

static void hook_timer(void)
{
}

/* ---- the ops -------------------------------------------------------------------- */

SEC("struct_ops/kt_select_cpu")
s32 BPF_PROG(kt_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	choose_starved(p, wake_flags & SCX_WAKE_TTWU);
	return sched_select_cpu(p, prev_cpu, wake_flags);
}

SEC("struct_ops/kt_enqueue")
void BPF_PROG(kt_enqueue, struct task_struct *p, u64 enq_flags)
{
	if (elapsed(error_after_ns)) {
		static char fmt[] = "scx_kt was asked to fail after %llu ms";
		unsigned long long arg[] = { error_after_ns / 1000000 };

		scx_bpf_error_bstr(fmt, arg, sizeof(arg));
	}
	choose_starved(p, enq_flags & SCX_ENQ_WAKEUP);
	sched_enqueue(p, enq_flags);
}

SEC("struct_ops/kt_dispatch")
void BPF_PROG(kt_dispatch, s32 cpu, struct task_struct *prev)
{
	sched_dispatch(cpu, prev);
}

SEC("struct_ops/kt_running")
void BPF_PROG(kt_running, struct task_struct *p)
{
	sched_running(p);
}

SEC("struct_ops/kt_stopping")
void BPF_PROG(kt_stopping, struct task_struct *p, bool runnable)
{
	sched_stopping(p);
}

SEC("struct_ops/kt_runnable")
void BPF_PROG(kt_runnable, struct task_struct *p, u64 enq_flags)
{
	sched_runnable(p);
}

SEC("struct_ops/kt_quiescent")
void BPF_PROG(kt_quiescent, struct task_struct *p, u64 deq_flags)
{
	sched_quiescent(p);
}

/* With --fail-verify it reads through a pointer that may be NULL, which the verifier refuses. */
SEC("struct_ops.s/kt_init_task")
s32 BPF_PROG(kt_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	if (fail_verify)
		return task_ctx(p)->vtime;
	return sched_init_task(p, args);
}

SEC("struct_ops/kt_enable")
void BPF_PROG(kt_enable, struct task_struct *p)
{
	sched_enable(p);
}

SEC("struct_ops.s/kt_cgroup_init")
s32 BPF_PROG(kt_cgroup_init, struct cgroup *cgrp, struct scx_cgroup_init_args *args)
{
	group_init(cgrp, args->weight);
	return 0;
}

SEC("struct_ops.s/kt_cgroup_exit")
void BPF_PROG(kt_cgroup_exit, struct cgroup *cgrp)
{
	group_exit(cgrp);
}

SEC("struct_ops/kt_cgroup_move")
void BPF_PROG(kt_cgroup_move, struct task_struct *p, struct cgroup *from, struct cgroup *to)
{
	sched_cgroup_move(p);
}

SEC("struct_ops/kt_cgroup_set_weight")
void BPF_PROG(kt_cgroup_set_weight, struct cgroup *cgrp, u32 weight)
{
	group_set_weight(key_of_group(cgrp), weight);
}

/*
 * CPUs that come and go: whatever is in a common queue is taken by those that stay. Without
 * these two the kernel would eject the scheduler.
 */
SEC("struct_ops.s/kt_cpu_online")
void BPF_PROG(kt_cpu_online, s32 cpu)
{
	(void)cpu;
}

SEC("struct_ops.s/kt_cpu_offline")
void BPF_PROG(kt_cpu_offline, s32 cpu)
{
	(void)cpu;
}

SEC("struct_ops.s/kt_init")
s32 BPF_PROG(kt_init)
{
	return sched_init();
}

SEC("struct_ops/kt_exit")
void BPF_PROG(kt_exit, struct scx_exit_info *ei)
{
	sched_exit(ei);
}

SEC(".struct_ops.link")
struct sched_ext_ops kt_ops = {
	.select_cpu = (void *)kt_select_cpu,
	.enqueue = (void *)kt_enqueue,
	.dispatch = (void *)kt_dispatch,
	.running = (void *)kt_running,
	.stopping = (void *)kt_stopping,
	.runnable = (void *)kt_runnable,
	.quiescent = (void *)kt_quiescent,
	.init_task = (void *)kt_init_task,
	.enable = (void *)kt_enable,
	.cgroup_init = (void *)kt_cgroup_init,
	.cgroup_exit = (void *)kt_cgroup_exit,
	.cgroup_move = (void *)kt_cgroup_move,
	.cgroup_set_weight = (void *)kt_cgroup_set_weight,
	.cpu_online = (void *)kt_cpu_online,
	.cpu_offline = (void *)kt_cpu_offline,
	.init = (void *)kt_init,
	.exit = (void *)kt_exit,
	.flags = SCX_OPS_ENQ_LAST,
	.name = "kt",
};
