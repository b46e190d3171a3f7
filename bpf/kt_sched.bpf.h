/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_SCHED_BPF_H
#define KT_SCHED_BPF_H

/*
 * The sound scheduler that scx_kt and scx_bugs share: a global virtual-time scheduler.
 * A program includes this, defines the hooks below, and calls the functions sched_*()
 * from its ops, each with or without more of its own around it.
 *
 * All tasks that find no idle CPU wait in one queue ordered by virtual time, the CPU
 * time that they used divided by their weight. A CPU takes the first task that may run
 * on it. Tasks that may not run yet wait in a queue ordered by the moment when they may
 * be looked at again; a timer does so.
 *
 * Virtual times of tasks that never share a CPU drift apart, which does no harm: each
 * CPU remembers how far its own tasks are, and a task that comes new to some CPUs is
 * placed by theirs.
 */
#define BPF_NO_KFUNC_PROTOTYPES /* newer bpftools would add the kfuncs of that one kernel */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "scx_kfuncs.h"
#include "scx_kt.h"

char _license[] SEC("license") = "GPL";

_Static_assert(KT_KIND_ERROR == SCX_EXIT_ERROR, "scx_kt.h follows the kernel");

enum { DSQ_SHARED = 1, DSQ_LATE = 2, DSQ_HELD = 3 };

/* Macros of the kernel, which its BTF does not carry. */
#define PF_KTHREAD      0x00200000
#define CLOCK_MONOTONIC 1
#define ENOENT          2
#define ENOMEM          12

#define NSEC_PER_MSEC 1000000ULL
#define CPUS_MAX      256 /* whose virtual time is known */
#define WEIGHT_DFL    100
#define SCAN_MAX      64 /* tasks looked at for one that may run on a given CPU */
#define SLICE_MIN     (2 * NSEC_PER_MSEC)
#define LEAD_MAX      10 /* slices that a task's virtual time is ahead at most */
#define LEAD_WAIT     (1000 * NSEC_PER_MSEC) /* and what that lets it wait */
#define LAG_MAX       10                     /* slices that one is behind that has not slept */
#define CPU_FRESH     100 /* jiffies for which a CPU's virtual time is worth something */
#define LATE_REST     (100 * NSEC_PER_MSEC) /* the same while there is none */
#define LATE_RECHECK  (100 * NSEC_PER_MSEC) /* no longer is nobody looked at: quotas are lifted */
#define LATE_BATCH    64 /* tasks looked at at once: the timer runs in a soft interrupt */

const volatile u64 hold_max_ns;  /* no task waits longer without a sign of life to the watchdog */
const volatile u32 nr_cpus;      /* possible ones */
const volatile bool late_always; /* the timer is needed from the beginning */
const volatile u64 late_timer_ns = 2 * NSEC_PER_MSEC; /* between two looks at who may run again */

/* Counters, for people and for snapshots taken from outside. */
u64 nr_select_cpu; /* wake-ups that asked for a CPU */
u64 nr_idle_hits;  /* of these, tasks sent to an idle CPU at once */
u64 nr_enqueued;   /* tasks put on the common queue */
u64 nr_dispatched; /* tasks handed to a CPU, at once or from the common queue */
u64 nr_kept;       /* slices renewed since nobody else could use the CPU */
u64 nr_throttled;  /* waits for a quota's next period */
u64 vtime_now;     /* virtual time of the task that is furthest ahead */
u64 started_ns;

u64 cpu_vtime[CPUS_MAX];  /* virtual time of the tasks that each CPU runs */
u64 cpu_ran_at[CPUS_MAX]; /* jiffy in which it did */

struct kt_exit_info exit_info;
char exit_dump[KT_DUMP_MAX];

struct task_ctx {
	u64 vtime;      /* dsq_vtime is what its queue is ordered by, and may be another time */
	u64 exec_start; /* sum_exec_runtime up to which it is charged */
	u64 group;      /* key of its group */
	s64 counted;    /* the weight with which it counts in the group; 0: it does not compete */
	u64 counted_in; /* key of the group that it counts in */
	u64 grant;      /* ns that it took from its groups' quotas and has not used */
	u64 since;      /* when it was throttled; 0: it is not */
	u64 polled_at;  /* jiffy in which its groups' quotas were read */
	u64 until;      /* not to run before, by a hook */
	bool touch;     /* runs for a moment only, to show the watchdog that it can */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} task_ctxs SEC(".maps");

struct release_timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct release_timer);
} timers SEC(".maps");

/* ---- the hooks: what the including program changes ------------------------------ */

/* May it not run now, for a reason of the program's own? */
static bool hook_held(struct task_struct *p, struct task_ctx *tc);
/* Puts a task that is held where only the program finds it; false if it holds it not. */
static bool hook_hold(struct task_struct *p, struct task_ctx *tc, u64 enq_flags);
/* Its weight, by its nice value. */
static u64 hook_weight(struct task_struct *p, u64 weight);
/* The slice that it gets. */
static u64 hook_slice(struct task_struct *p, u64 slice);
/* What a run of `ran` is charged. */
static u64 hook_charge(struct task_struct *p, struct task_ctx *tc, u64 ran);
/* Called at each turn of the timer, every late_timer_ns with late_always. */
static void hook_timer(void);

static void count(u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

#include "kt_group.bpf.h"

static struct task_ctx *task_ctx(struct task_struct *p)
{
	return bpf_task_storage_get(&task_ctxs, p, 0, 0);
}

/* ---- weights and virtual time ----------------------------------------------------- */

static u64 weight_of(struct task_struct *p, struct task_ctx *tc)
{
	return group_weight(tc->group, hook_weight(p, p->scx.weight));
}

/* The virtual time of one slice of a task of mean weight: all limits are in such units. */
static u64 vtime_unit(void)
{
	s64 sum = root_sum, n = nr_active;

	if (sum <= 0 || n <= 0)
		return SCX_SLICE_DFL;
	return SCX_SLICE_DFL * WEIGHT_DFL * (u64)n / (u64)sum;
}

/*
 * Tasks below the mean weight get slices as much shorter, so that they need not wait
 * long for the next one.
 */
__noinline u64 slice_by_weight(u64 weight)
{
	s64 sum = root_sum, n = nr_active;
	u64 slice;

	if (sum <= 0 || n <= 1)
		return SCX_SLICE_DFL;
	slice = (SCX_SLICE_DFL >> WEIGHT_SHIFT) * weight * (u64)n / (u64)sum;
	if (slice > SCX_SLICE_DFL)
		slice = SCX_SLICE_DFL;
	if (slice < SLICE_MIN)
		slice = SLICE_MIN;
	return slice;
}

static u64 slice_of(struct task_struct *p, struct task_ctx *tc)
{
	u64 slice;

	if (!tc)
		return SCX_SLICE_DFL;
	slice = hook_slice(p, slice_by_weight(weight_of(p, tc)));
	return tc->grant && tc->grant < slice ? tc->grant : slice;
}

/*
 * How far the tasks are with whom `p` competes: those of its CPU, if it may not run
 * everywhere and that CPU has run some lately.
 */
static u64 vtime_beside(struct task_struct *p)
{
	u32 cpu = scx_bpf_task_cpu(p);

	if (p->nr_cpus_allowed >= nr_cpus || cpu >= CPUS_MAX ||
	    bpf_jiffies64() - cpu_ran_at[cpu] > CPU_FRESH)
		return vtime_now;
	return cpu_vtime[cpu];
}

/*
 * A virtual time, brought near to that of the tasks beside it. This and other arithmetic
 * is in functions that are not static: the verifier looks at each of them once.
 */
__noinline u64 vtime_near(u64 vtime, u64 beside, u64 slept)
{
	u64 unit = vtime_unit(), n = nr_active, lead, behind = slept ? unit : LAG_MAX * unit;

	/* a sleeper comes back with the credit of one slice, no more */
	if (before(vtime, beside - behind))
		vtime = beside - behind;
	/* and a slice of a very light task must not make it wait until the watchdog comes */
	lead = LEAD_WAIT * (nr_cpus ?: 1) / (SCX_SLICE_DFL * (n ?: 1));
	if (lead > LEAD_MAX)
		lead = LEAD_MAX;
	if (lead < 2)
		lead = 2;
	if (before(beside + lead * unit, vtime))
		vtime = beside + lead * unit;
	return vtime;
}

static u64 place(struct task_struct *p, struct task_ctx *tc, bool slept)
{
	tc->vtime = vtime_near(tc->vtime, vtime_beside(p), slept);
	return tc->vtime;
}

/* ---- tasks that wait for a moment -------------------------------------------------- */

/* Exiting tasks are none of ours, the kernel runs them; these are about to be such. */
static bool is_dying(struct task_struct *p)
{
	return p->signal->flags & 4; /* SIGNAL_GROUP_EXIT */
}

/* False when a quota above it is used up; *due is when there is some again. */
static bool has_quota(struct task_struct *p, struct task_ctx *tc, u64 now, u64 *due)
{
	if (!nr_limited || tc->grant || (p->flags & PF_KTHREAD) || is_dying(p))
		return true;
	tc->grant = group_take(tc->group, now, due);
	return !*due;
}

/*
 * Puts a task to wait until `due`. It is looked at early enough to notice that quotas
 * were lifted and that it was killed.
 */
static void wait_until(struct task_struct *p, u64 due, u64 enq_flags)
{
	u64 recheck = bpf_ktime_get_ns() + LATE_RECHECK;

	dsq_insert_vtime(p, DSQ_LATE, SCX_SLICE_DFL, before(due, recheck) ? due : recheck,
			 enq_flags);
}

/* When to look again at a task that waits since `since` for a quota that is there at `due`. */
__noinline u64 late_due(u64 due, u64 now, u64 since)
{
	u64 early = (now - since) >> 12;

	if (before(since + hold_max_ns, due))
		return since + hold_max_ns;
	/* of those who wait for the same period, the one that has waited longest is first */
	return due - (early < NSEC_PER_MSEC ? early : NSEC_PER_MSEC);
}

/* Of the two reasons to be in the late queue the later one; 0: it may run. */
static u64 late_until(struct task_struct *p, struct task_ctx *tc, u64 now)
{
	u64 due = 0;

	if (before(now, tc->until))
		return tc->until;
	if (has_quota(p, tc, now, &due))
		return 0;
	if (!tc->since)
		tc->since = now;
	/*
	 * Longer than the watchdog allows no task may wait, whatever it owes. It runs for
	 * some microseconds, and owes them, too.
	 */
	if (!before(now, tc->since + hold_max_ns)) {
		tc->touch = true;
		return 0;
	}
	return late_due(due, now, tc->since);
}

static bool may_run(struct task_struct *p, struct task_ctx *tc)
{
	return !tc || (!hook_held(p, tc) && !late_until(p, tc, bpf_ktime_get_ns()));
}

static void kick_idle(struct task_struct *p)
{
	s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);

	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
}

/* Looks at those who are due: each may run, and then wakes a CPU, or waits once more. */
static void release_late(void)
{
	u64 now = bpf_ktime_get_ns(), due, recheck = now + LATE_RECHECK;
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	struct task_ctx *tc;
	int i;

	bpf_iter_scx_dsq_new(&it, DSQ_LATE, 0);
	bpf_for (i, 0, LATE_BATCH) {
		p = bpf_iter_scx_dsq_next(&it);
		if (!p || before(now, p->scx.dsq_vtime))
			break;
		tc = task_ctx(p);
		if (!tc)
			continue;
		due = late_until(p, tc, now);
		if (due) {
			dsq_move_vtime(&it, p, DSQ_LATE, before(due, recheck) ? due : recheck);
			continue;
		}
		if (!dsq_move_vtime(&it, p, DSQ_SHARED, place(p, tc, true)))
			continue;
		count(&nr_enqueued);
		kick_idle(p);
	}
	bpf_iter_scx_dsq_destroy(&it);
}

static int on_late_timer(void *map, u32 *key, struct release_timer *t)
{
	bool busy;

	bpf_rcu_read_lock();
	release_late();
	hook_timer();
	bpf_rcu_read_unlock();
	busy = late_always || nr_limited || scx_bpf_dsq_nr_queued(DSQ_LATE) > 0;
	bpf_timer_start(&t->timer, busy ? late_timer_ns : LATE_REST, 0);
	return 0;
}

/* Once begun it goes on, if slowly: a task may be on its way to the queue at any time. */
static void start_late_timer(void)
{
	struct release_timer *t;
	u32 zero = 0;

	t = bpf_map_lookup_elem(&timers, &zero);
	if (t)
		bpf_timer_start(&t->timer, late_timer_ns, 0);
}

static int init_late_timer(void)
{
	struct release_timer *t;
	u32 zero = 0;
	int err;

	t = bpf_map_lookup_elem(&timers, &zero);
	if (!t)
		return -ENOENT;
	err = bpf_timer_init(&t->timer, &timers, CLOCK_MONOTONIC);
	if (!err)
		err = bpf_timer_set_callback(&t->timer, on_late_timer);
	if (!err && late_always)
		err = bpf_timer_start(&t->timer, late_timer_ns, 0);
	return err;
}

/* ---- the scheduler ------------------------------------------------------------ */

/*
 * Who is sent straight to an idle CPU goes before all of these. Where each wake-up is made by
 * a task that then sleeps, its CPU would never look at the queue, and they would wait for ever.
 */
static bool others_wait(void)
{
	return scx_bpf_dsq_nr_queued(DSQ_SHARED) > 0;
}

static s32 sched_select_cpu(struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct task_ctx *tc = task_ctx(p);
	bool idle = false;
	s32 cpu;

	count(&nr_select_cpu);
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
	if (idle && !others_wait() && may_run(p, tc)) {
		count(&nr_idle_hits);
		count(&nr_dispatched);
		if (tc)
			place(p, tc, true);
		dsq_insert(p, SCX_DSQ_LOCAL, slice_of(p, tc), 0);
	}
	return cpu;
}

/* Holds `p` back if it may not run; true if it did. */
static bool sched_hold(struct task_struct *p, struct task_ctx *tc, u64 enq_flags)
{
	u64 due;

	if (hook_hold(p, tc, enq_flags))
		return true;
	due = late_until(p, tc, bpf_ktime_get_ns());
	if (!due)
		return false;
	if (tc->since)
		count(&nr_throttled);
	wait_until(p, due, enq_flags);
	return true;
}

/* An idle CPU for a task that has just been queued, by `enq_flags`. */
static void sched_kick(struct task_struct *p, u64 enq_flags)
{
	s32 cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);

	/* it may have come here without select_cpu, while other CPUs idle */
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	else if (enq_flags & SCX_ENQ_LAST) /* its own CPU is about to idle, not marked so yet */
		scx_bpf_kick_cpu(scx_bpf_task_cpu(p), 0);
}

static void sched_enqueue(struct task_struct *p, u64 enq_flags)
{
	struct task_ctx *tc = task_ctx(p);

	if (!tc) {
		dsq_insert(p, SCX_DSQ_GLOBAL, SCX_SLICE_DFL, enq_flags);
		return;
	}
	if (sched_hold(p, tc, enq_flags))
		return;
	count(&nr_enqueued);
	dsq_insert_vtime(p, DSQ_SHARED, slice_of(p, tc), place(p, tc, enq_flags & SCX_ENQ_WAKEUP),
			 enq_flags);
	sched_kick(p, enq_flags);
}

/*
 * Charges what was used since the last time, not what the slice lost: a yield or a
 * renewal changes the slice and uses no time. A new weight counts from here on,
 * too: the kernel stops a running task to change its weight, so that no
 * set_weight is needed.
 */
static void charge(struct task_struct *p, struct task_ctx *tc)
{
	u64 ran, over, jiffy;

	ran = p->se.sum_exec_runtime - tc->exec_start;
	tc->exec_start = p->se.sum_exec_runtime;
	over = ran > tc->grant ? ran - tc->grant : 0;
	tc->grant -= ran - over;
	jiffy = bpf_jiffies64();
	if ((nr_limited && over) || tc->polled_at != jiffy) {
		tc->polled_at = jiffy;
		group_use(tc->group, over, bpf_ktime_get_ns());
	}
	ran = hook_charge(p, tc, ran);
	tc->vtime += ran * (WEIGHT_DFL << WEIGHT_SHIFT) / weight_of(p, tc);
}

/* A CPU's virtual time goes on with the task that runs there. */
static void advance(struct task_ctx *tc)
{
	u32 cpu = bpf_get_smp_processor_id();
	u64 vtime = tc->vtime;

	if (cpu >= CPUS_MAX)
		return;
	cpu_ran_at[cpu] = bpf_jiffies64();
	/* one whose tasks were far ahead of this one has lost them: it follows the others */
	if (before(cpu_vtime[cpu], vtime) ||
	    before(vtime + LEAD_MAX * vtime_unit(), cpu_vtime[cpu]))
		cpu_vtime[cpu] = vtime;
}

static void keep(struct task_struct *p, struct task_ctx *tc)
{
	if (tc)
		advance(tc);
	count(&nr_kept);
	p->scx.slice = slice_of(p, tc);
}

/*
 * Whether a task that waits in queue `dsq` may run on `cpu` and is before `vtime`. Also when that
 * cannot be said, for there are so many others that may not: the queue tells then.
 */
static bool waits_before(u64 dsq, s32 cpu, u64 vtime)
{
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	bool found = true;
	int i;

	bpf_iter_scx_dsq_new(&it, dsq, 0);
	bpf_for (i, 0, SCAN_MAX) {
		p = bpf_iter_scx_dsq_next(&it);
		if (!p) {
			found = false;
			break;
		}
		if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			continue;
		found = before(p->scx.dsq_vtime, vtime);
		break;
	}
	bpf_iter_scx_dsq_destroy(&it);
	return found;
}

/*
 * The task whose slice has ended is not back in the queue yet, so it is compared
 * with the first one there; taking from the queue blindly would have every task
 * alternate with another one, whatever their weights. With SCX_OPS_ENQ_LAST it is
 * also up to us whether a task runs on that nobody wants to replace.
 */
static void sched_dispatch(s32 cpu, struct task_struct *prev)
{
	struct task_ctx *tc = NULL;
	bool may_stay = false;

	if (prev && (prev->scx.flags & SCX_TASK_QUEUED)) {
		tc = task_ctx(prev);
		if (tc)
			charge(prev, tc);
		may_stay = may_run(prev, tc);
		if (tc && may_stay && !waits_before(DSQ_SHARED, cpu, tc->vtime)) {
			keep(prev, tc);
			return;
		}
	}
	if (dsq_move_to_local(DSQ_SHARED))
		count(&nr_dispatched);
	else if (may_stay) /* another CPU has taken the one that was better */
		keep(prev, tc);
}

/*
 * It was queued when a quota was not yet used up, or not yet known: many may be, and
 * each would run for a whole slice.
 */
static bool is_too_late(struct task_struct *p, struct task_ctx *tc)
{
	u64 now = bpf_ktime_get_ns();

	if (tc->grant)
		return false;
	if (!nr_limited)
		group_use(tc->group, 0, now);
	return nr_limited && late_until(p, tc, now);
}

static void sched_running(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);
	bool touch;

	if (!tc)
		return;
	tc->exec_start = p->se.sum_exec_runtime;
	tc->since = 0;
	touch = tc->touch;
	tc->touch = false;
	if (touch || is_too_late(p, tc))
		scx_bpf_kick_cpu(bpf_get_smp_processor_id(), SCX_KICK_PREEMPT);
	if (before(vtime_now, tc->vtime))
		vtime_now = tc->vtime;
	advance(tc);
}

static void sched_stopping(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (tc)
		charge(p, tc);
}

static void sched_runnable(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (!tc || tc->counted)
		return;
	tc->counted = hook_weight(p, p->scx.weight);
	tc->counted_in = tc->group;
	__sync_fetch_and_add(&nr_active, 1);
	group_count(tc->counted_in, tc->counted, 1);
}

/* It competes no more; what it has not used of its grant is the group's again. */
static void sched_quiescent(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (!tc)
		return;
	if (tc->grant)
		group_use(tc->group, -(s64)tc->grant, bpf_ktime_get_ns());
	tc->grant = 0;
	if (!tc->counted)
		return;
	group_count(tc->counted_in, tc->counted, -1);
	tc->counted = 0;
	__sync_fetch_and_add(&nr_active, -1);
}

static s32 sched_init_task(struct task_struct *p, struct scx_init_task_args *args)
{
	struct task_ctx *tc;

	tc = bpf_task_storage_get(&task_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!tc)
		return -ENOMEM;
	tc->group = group_of_task(p);
	return 0;
}

static void sched_enable(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (!tc)
		return;
	tc->vtime = vtime_beside(p);
	tc->group = group_of_task(p);
}

/* The kernel takes a task out of its queue to move it, so it counts nowhere meanwhile. */
static void sched_cgroup_move(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (tc)
		tc->group = group_of_task(p);
}

static s32 sched_init(void)
{
	s32 err;

	started_ns = bpf_ktime_get_ns();
	err = scx_bpf_create_dsq(DSQ_SHARED, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_LATE, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_HELD, -1);
	if (!err)
		err = init_late_timer();
	return err;
}

static void sched_exit(struct scx_exit_info *ei)
{
	bpf_probe_read_kernel_str(exit_info.reason, sizeof(exit_info.reason), ei->reason);
	bpf_probe_read_kernel_str(exit_info.msg, sizeof(exit_info.msg), ei->msg);
	bpf_probe_read_kernel_str(exit_dump, sizeof(exit_dump), ei->dump);
	exit_info.code = ei->exit_code;
	/* last, and atomically: user space polls it and then reads the rest */
	__sync_lock_test_and_set(&exit_info.kind, ei->kind);
}

#endif
