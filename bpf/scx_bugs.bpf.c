// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_bugs, the kernel side: the sound scheduler of kt_sched.bpf.h with one bug in it,
 * by which it is seen whether a check sees it. scx_bugs.h says what each bug does.
 *
 * Which one is in is read-only data, so that the verifier drops all others. A wait that
 * a bug imposes ends before the usual watchdog comes, unless the bug is that it does not.
 */
#include "kt_sched.bpf.h"
#include "scx_bugs.h"

#define SCX_EXIT_CODE_RESTART \
	((1ULL << 32) | (1ULL << 48)) /* SCX_ECODE_RSN_HOTPLUG | ACT_RESTART */
#define PRIVATE_GROUP 0               /* no group: a part of the root */

enum { DSQ_CPU = 0x1000, DSQ_LLC = 0x2000, DSQ_ANYWHERE = 0x3000 };

const volatile u32 the_bug;
const volatile u16 cpu_llc[CPUS_MAX];
const volatile u16 cpu_sibling[CPUS_MAX]; /* itself, if it has none */

#define AT(cpu)   ((u32)(cpu) & (CPUS_MAX - 1)) /* an index that the verifier believes */
#define BUG(name) (the_bug == BUG_##name)

/* What a bug remembers of a task. */
struct bug_ctx {
	s32 home;    /* CPU that it ran on last, or that it was queued on since; -1: none */
	bool old;    /* it has run before */
	bool woken;  /* it has slept since it was queued last */
	u64 weight;  /* when it was new */
	u64 kept_at; /* when it was first kept beyond its slice */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct bug_ctx);
} bug_ctxs SEC(".maps");

u64 nr_forks;
u64 nr_queued;
u32 chosen_pid;
bool cpu_gone[CPUS_MAX];   /* it is offline */
bool cpu_came[CPUS_MAX];   /* it has been offline */
u64 cpu_took_at[CPUS_MAX]; /* its last dispatch */
u64 kicked_at;             /* the last kick of an idle CPU */

static struct bug_ctx *bug_ctx(struct task_struct *p)
{
	return bpf_task_storage_get(&bug_ctxs, p, 0, 0);
}

static bool is_user(struct task_struct *p)
{
	return !(p->flags & PF_KTHREAD);
}

/* A worker of a test, for instance: PID 1 and its helpers are in the root. */
static bool is_grouped(struct task_struct *p)
{
	return is_user(p) && group_of((u64)BPF_CORE_READ(p, sched_task_group, css.cgroup));
}

static bool is_pinned(struct task_struct *p)
{
	return p->nr_cpus_allowed < nr_cpus;
}

static u64 ran_for(void)
{
	return bpf_ktime_get_ns() - started_ns;
}

/* How much later in virtual time is what waits for about `ns` longer. */
static u64 vtime_later(u64 ns)
{
	u64 n = nr_active > 0 ? nr_active : 1;

	return vtime_unit() * (ns / NSEC_PER_MSEC) * nr_cpus /
	       (n * (SCX_SLICE_DFL / NSEC_PER_MSEC));
}

/* ---- weights, slices, charges: the hooks ------------------------------------------ */

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

/* ---- waits that a bug imposes ------------------------------------------------------ */

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

/* ---- which CPU ---------------------------------------------------------------------- */

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

/* ---- queues -------------------------------------------------------------------------- */

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

/* ---- the other ops ----------------------------------------------------------------- */

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
