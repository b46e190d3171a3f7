/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_BUGS_WHEN_BPF_H
#define SCX_BUGS_WHEN_BPF_H

/* Bugs of scx_bugs in when a task runs and for how long: weights, slices, charges, waits. */
#include "scx_bugs_state.bpf.h"

/* How much later in virtual time is what waits for about `ns` longer. */
static u64 vtime_later(u64 ns)
{
	u64 n = nr_active > 0 ? nr_active : 1;

	return vtime_unit() * (ns / NSEC_PER_MSEC) * nr_cpus /
	       (n * (SCX_SLICE_DFL / NSEC_PER_MSEC));
}

static u64 hook_weight(struct task_struct *p, u64 weight)
{
	struct bug_ctx *bc;

	if (BUG(weight_ignored))
		return WEIGHT_DFL;
	if (BUG(weight_inverted))
		return WEIGHT_DFL * WEIGHT_DFL / (weight ?: 1) ?: 1;
	if (BUG(weight_stale)) {
		bc = bug_ctx(p);
		return bc && bc->weight ? bc->weight : weight;
	}
	return weight;
}

static u64 hook_group_weight(u64 weight)
{
	if (BUG(cgroup_weight_ignored))
		return WEIGHT_DFL;
	if (BUG(cgroup_weight_inverted))
		return WEIGHT_DFL * WEIGHT_DFL / (weight ?: 1) ?: 1;
	return weight;
}

static u64 hook_quota(const struct kt_group *g, u64 quota)
{
	if (BUG(quota_stale) && g->read_at)
		return g->quota;
	if (BUG(quota_ignored))
		return NO_QUOTA;
	if (BUG(quota_doubled) && quota != NO_QUOTA)
		return 2 * quota;
	return quota;
}

static u64 hook_slice(struct task_struct *p, u64 slice)
{
	if (BUG(slice_infinite))
		return SCX_SLICE_INF;
	if (BUG(slice_800ms))
		return 800 * NSEC_PER_MSEC;
	return slice;
}

static u64 hook_charge(struct task_struct *p, struct task_ctx *tc, u64 ran)
{
	if (BUG(short_runs_free) && ran < 4 * NSEC_PER_MSEC)
		return 0;
	if (BUG(one_starved) && chosen_pid == p->pid)
		tc->until = bpf_ktime_get_ns() + 1500 * NSEC_PER_MSEC;
	return ran;
}

static bool hook_held(struct task_struct *p, struct task_ctx *tc)
{
	return BUG(task_lost) && chosen_pid == p->pid && ran_for() > 1000 * NSEC_PER_MSEC;
}

static bool hook_hold(struct task_struct *p, struct task_ctx *tc, u64 enq_flags)
{
	if (!hook_held(p, tc))
		return false;
	dsq_insert(p, DSQ_HELD, SCX_SLICE_DFL, enq_flags);
	return true;
}

/* Since its last dispatch. */
static bool too_early(u32 cpu)
{
	return bpf_ktime_get_ns() - cpu_took_at[AT(cpu)] < 50 * NSEC_PER_MSEC;
}

static void hook_timer(void)
{
	u32 cpu;

	if (!BUG(dispatch_by_timer))
		return;
	bpf_for (cpu, 0, nr_cpus)
		if (scx_bpf_dsq_nr_queued(DSQ_SHARED) > 0 && !too_early(cpu))
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

/* For how long a task that wakes up, or is queued, waits before it may run at all. */
static u64 delay_of(struct task_struct *p, struct task_ctx *tc, struct bug_ctx *bc)
{
	s32 home = bc->home;

	if (BUG(slow_wakeups) && bc->woken)
		return 250 * NSEC_PER_MSEC - bpf_ktime_get_ns() % (250 * NSEC_PER_MSEC);
	if (BUG(late_leak) && is_grouped(p) && ran_for() > 2000 * NSEC_PER_MSEC &&
	    __sync_fetch_and_add(&nr_queued, 1) % 32 == 31)
		return 2000 * NSEC_PER_MSEC;
	if (BUG(fork_slow) && is_user(p) && !bc->old)
		return 300 * NSEC_PER_MSEC;
	if (BUG(kthreads_late) && !is_user(p) && bc->woken)
		return 1000 * NSEC_PER_MSEC;
	if (BUG(stale_cpumask) && is_user(p) && !bc->woken && home >= 0 &&
	    !bpf_cpumask_test_cpu(home, p->cpus_ptr))
		return 2300 * NSEC_PER_MSEC;
	if (BUG(hotplug_queue_left) && is_grouped(p) && home >= 0 && cpu_gone[AT(home)])
		return 2500 * NSEC_PER_MSEC;
	return 0;
}

/* The same in virtual time: others go first. */
static u64 behind_of(struct task_struct *p, struct bug_ctx *bc)
{
	if (BUG(fork_last) && is_user(p) && !bc->old)
		return vtime_later(2500 * NSEC_PER_MSEC);
	if (BUG(light_starved) && p->scx.weight < WEIGHT_DFL)
		return vtime_later(2000 * NSEC_PER_MSEC);
	if (BUG(affinity_last) && is_grouped(p) && is_pinned(p))
		return vtime_later(2500 * NSEC_PER_MSEC);
	if (BUG(nice_bands) && p->scx.weight <= WEIGHT_DFL)
		return vtime_later((p->scx.weight < WEIGHT_DFL ? 4000 : 2000) * NSEC_PER_MSEC);
	return 0;
}

/* The last in is the first out, among those that came within the same two seconds. */
static u64 lifo_key(void)
{
	u64 now = bpf_ktime_get_ns(), epoch = 2000 * NSEC_PER_MSEC;

	return now / epoch * epoch + epoch - now % epoch;
}

/* Notes that a task is about to run or to be queued; what a bug says of when. */
static void note(struct task_struct *p, struct task_ctx *tc, struct bug_ctx *bc)
{
	u64 delay;

	if ((BUG(one_starved) || BUG(task_lost)) && !chosen_pid && is_grouped(p) && bc->old)
		__sync_val_compare_and_swap(&chosen_pid, 0, p->pid);
	delay = delay_of(p, tc, bc);
	if (delay && before(tc->until, bpf_ktime_get_ns()))
		tc->until = bpf_ktime_get_ns() + delay;
	bc->home = scx_bpf_task_cpu(p);
	bc->woken = false;
}

static void burn(u64 ns)
{
	u64 end = bpf_ktime_get_ns() + ns;
	u32 i;

	bpf_for (i, 0, 1000000) {
		if (!before(bpf_ktime_get_ns(), end))
			break;
	}
}

/* The virtual time to be queued with. */
static u64 key_of(struct task_struct *p, struct task_ctx *tc, struct bug_ctx *bc, bool woken)
{
	u64 beside = vtime_beside(p);

	if (BUG(lifo))
		return lifo_key();
	if (BUG(sleeper_credit) && woken)
		tc->vtime = beside - vtime_later(200 * NSEC_PER_MSEC);
	else if (BUG(sleep_forgives) && woken)
		tc->vtime = beside - vtime_unit();
	else if (!BUG(percpu_vtime))
		place(p, tc, woken);
	return tc->vtime + behind_of(p, bc);
}

/* A bug's reason to let a task go on whose slice has ended. */
static bool stays(struct task_struct *prev, struct bug_ctx *bc)
{
	u64 now = bpf_ktime_get_ns();

	if (!BUG(keep_running) || !bc || !is_grouped(prev))
		return false;
	if (!bc->kept_at)
		bc->kept_at = now;
	if (now - bc->kept_at < 2000 * NSEC_PER_MSEC)
		return true;
	bc->kept_at = 0;
	return false;
}

/* The only dispatch of this turn of the timer has been. */
static bool took_already(s32 cpu)
{
	if (!BUG(dispatch_by_timer))
		return false;
	if (too_early(cpu))
		return true;
	cpu_took_at[AT(cpu)] = bpf_ktime_get_ns();
	return false;
}

/* Bugs in which a task is queued again at the end of each of its turns. */
static bool moves_on(void)
{
	return BUG(migration_storm) || BUG(kick_storm) || BUG(slices_tiny);
}

#endif
