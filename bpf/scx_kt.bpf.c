// SPDX-License-Identifier: GPL-2.0-only
/*
 * scx_kt, the kernel side: a global virtual-time scheduler, and the switches that
 * make it misbehave on purpose.
 *
 * All tasks that find no idle CPU wait in one queue ordered by virtual time, the
 * CPU time that they used divided by their weight. A CPU takes the first task
 * that may run on it. Its limit: virtual time is one for the whole machine, so
 * groups that are pinned to disjoint CPUs with different load are ordered
 * round-robin among themselves rather than by weight.
 *
 * A task that a switch holds back is not left in the common queue but put on one
 * of its own (DSQ_HELD, DSQ_SLOW), so that the sound part needs to know nothing of it.
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

enum { DSQ_SHARED = 1, DSQ_SLOW = 2, DSQ_HELD = 3 };

/* Macros of the kernel, which its BTF does not carry. */
#define PF_KTHREAD      0x00200000
#define CLOCK_MONOTONIC 1
#define ENOENT          2
#define ENOMEM          12

#define WEIGHT_DFL 100
#define LEAD_MAX   (10 * SCX_SLICE_DFL) /* of a task's virtual time over that of the machine */
#define SCAN_MAX   64                   /* tasks looked at for one that may run on a given CPU */
#define SLOW_SLICE 5000000ULL /* ns; short, so that a slowed task rests often rather than long */
#define SLOW_TIMER 2000000ULL /* ns between two looks at who has rested enough */
#define SLOW_BATCH 64         /* tasks released by one look: it runs in a soft interrupt */

/* The switches; all zero is the sound scheduler, and the verifier drops the rest. */
const volatile u64 stall_after_ns;
const volatile u64 error_after_ns;
const volatile char starve_cgroup[KT_CGROUP_MAX];
const volatile char slow_cgroup[KT_CGROUP_MAX];
const volatile u64 slow_factor;
const volatile u64 slow_rest_max_ns; /* well below the watchdog's timeout */
const volatile bool fail_verify;

/* Counters, for people and for snapshots taken from outside. */
u64 nr_select_cpu; /* wake-ups that asked for a CPU */
u64 nr_idle_hits;  /* of these, tasks sent to an idle CPU at once */
u64 nr_enqueued;   /* tasks put on the common queue */
u64 nr_dispatched; /* tasks handed to a CPU, at once or from the common queue */
u64 nr_kept;       /* slices renewed since nobody else could use the CPU */
u64 nr_stalled;    /* tasks put aside by --stall-after */
u64 nr_starved;    /* tasks put aside by --starve: one, or none yet */
u64 nr_slowed;     /* rests that --slow imposed */
u64 vtime_now;     /* virtual time of the task that is furthest ahead */
u64 started_ns;
u32 starved_pid;

struct kt_exit_info exit_info;
char exit_dump[KT_DUMP_MAX];

struct task_ctx {
	u64 exec_start; /* sum_exec_runtime when it was last put on a CPU */
	u64 rest_until; /* --slow: may not run before */
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

static void count(u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static bool before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static bool elapsed(u64 after_ns)
{
	return after_ns && bpf_ktime_get_ns() - started_ns >= after_ns;
}

static struct task_ctx *task_ctx(struct task_struct *p)
{
	return bpf_task_storage_get(&task_ctxs, p, 0, 0);
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

/* When a slowed task may run again; 0 for now. */
static u64 rest_until(struct task_struct *p)
{
	struct task_ctx *tc;

	if (!is_slow(p))
		return 0;
	tc = task_ctx(p);
	if (!tc || !before(bpf_ktime_get_ns(), tc->rest_until))
		return 0;
	return tc->rest_until;
}

static bool is_held(struct task_struct *p)
{
	return is_stalled(p) || is_starved(p) || rest_until(p);
}

/* Puts `p` where only its switch finds it; false if no switch holds it back. */
static bool hold(struct task_struct *p, u64 enq_flags)
{
	u64 until;

	if (is_stalled(p)) {
		count(&nr_stalled);
		dsq_insert(p, DSQ_HELD, SCX_SLICE_DFL, enq_flags);
		return true;
	}
	if (is_starved(p)) {
		count(&nr_starved);
		dsq_insert(p, DSQ_HELD, SCX_SLICE_DFL, enq_flags);
		return true;
	}
	until = rest_until(p);
	if (until) {
		count(&nr_slowed);
		dsq_insert_vtime(p, DSQ_SLOW, SLOW_SLICE, until, enq_flags);
		return true;
	}
	return false;
}

/* --slow: a task that ran for `ran` rests for factor - 1 times as long. */
static void impose_rest(struct task_struct *p, struct task_ctx *tc, u64 ran)
{
	u64 rest, now = bpf_ktime_get_ns();

	if (!is_slow(p))
		return;
	rest = ran * (slow_factor - 1);
	if (rest > slow_rest_max_ns)
		rest = slow_rest_max_ns;
	if (before(tc->rest_until, now))
		tc->rest_until = now;
	tc->rest_until += rest;
}

/* Moves those that have rested enough to the common queue and wakes a CPU for each. */
static void release_rested(void)
{
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	int i = 0;
	s32 cpu;

	bpf_iter_scx_dsq_new(&it, DSQ_SLOW, 0);
	while ((p = bpf_iter_scx_dsq_next(&it))) {
		if (before(bpf_ktime_get_ns(), p->scx.dsq_vtime) || i++ >= SLOW_BATCH)
			break;
		if (!dsq_move_vtime(&it, p, DSQ_SHARED, vtime_now))
			continue;
		count(&nr_enqueued);
		cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
		if (cpu >= 0)
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	}
	bpf_iter_scx_dsq_destroy(&it);
}

static int on_timer(void *map, u32 *key, struct release_timer *t)
{
	bpf_rcu_read_lock();
	release_rested();
	bpf_rcu_read_unlock();
	bpf_timer_start(&t->timer, SLOW_TIMER, 0);
	return 0;
}

static int start_timer(void)
{
	struct release_timer *t;
	u32 zero = 0;
	int err;

	t = bpf_map_lookup_elem(&timers, &zero);
	if (!t)
		return -ENOENT;
	err = bpf_timer_init(&t->timer, &timers, CLOCK_MONOTONIC);
	if (!err)
		err = bpf_timer_set_callback(&t->timer, on_timer);
	if (!err)
		err = bpf_timer_start(&t->timer, SLOW_TIMER, 0);
	return err;
}

/* ---- the scheduler ------------------------------------------------------------ */

SEC("struct_ops/kt_select_cpu")
s32 BPF_PROG(kt_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool idle = false;
	s32 cpu;

	count(&nr_select_cpu);
	choose_starved(p, wake_flags & SCX_WAKE_TTWU);
	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
	if (idle && !is_held(p)) {
		count(&nr_idle_hits);
		count(&nr_dispatched);
		dsq_insert(p, SCX_DSQ_LOCAL, is_slow(p) ? SLOW_SLICE : SCX_SLICE_DFL, 0);
	}
	return cpu;
}

SEC("struct_ops/kt_enqueue")
void BPF_PROG(kt_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 vtime = p->scx.dsq_vtime;
	s32 cpu;

	if (elapsed(error_after_ns)) {
		static char fmt[] = "scx_kt was asked to fail after %llu ms";
		unsigned long long arg[] = { error_after_ns / 1000000 };

		scx_bpf_error_bstr(fmt, arg, sizeof(arg));
	}
	choose_starved(p, enq_flags & SCX_ENQ_WAKEUP);
	if (hold(p, enq_flags))
		return;

	/* a sleeper comes back with the credit of one slice, no more */
	if (before(vtime, vtime_now - SCX_SLICE_DFL))
		vtime = vtime_now - SCX_SLICE_DFL;
	/* and one slice of a task of weight 1 must not make it wait until the watchdog comes */
	if (before(vtime_now + LEAD_MAX, vtime))
		vtime = vtime_now + LEAD_MAX;
	count(&nr_enqueued);
	dsq_insert_vtime(p, DSQ_SHARED, is_slow(p) ? SLOW_SLICE : SCX_SLICE_DFL, vtime, enq_flags);

	/* it may have come here without kt_select_cpu, while other CPUs idle */
	cpu = scx_bpf_pick_idle_cpu(p->cpus_ptr, 0);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	else if (enq_flags & SCX_ENQ_LAST) /* its own CPU is about to idle, not marked so yet */
		scx_bpf_kick_cpu(scx_bpf_task_cpu(p), 0);
}

/*
 * Charges what was used since the last time, not what the slice lost: a yield or a
 * renewal changes the slice and uses no time. A new weight counts from here on,
 * too: the kernel stops a running task to change its weight, so that no
 * set_weight is needed.
 */
static void charge(struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);
	u64 ran;

	if (!tc)
		return;
	ran = p->se.sum_exec_runtime - tc->exec_start;
	tc->exec_start = p->se.sum_exec_runtime;
	p->scx.dsq_vtime += ran * WEIGHT_DFL / p->scx.weight;
	impose_rest(p, tc, ran);
}

static void keep(struct task_struct *p)
{
	count(&nr_kept);
	p->scx.slice = SCX_SLICE_DFL;
}

/* The virtual time of the first waiting task that may run on `cpu`; false if there is none. */
static bool first_waiting(s32 cpu, u64 *vtime)
{
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	bool found = false;
	int i = 0;

	bpf_iter_scx_dsq_new(&it, DSQ_SHARED, 0);
	while (i++ < SCAN_MAX && (p = bpf_iter_scx_dsq_next(&it))) {
		if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			continue;
		*vtime = p->scx.dsq_vtime;
		found = true;
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
SEC("struct_ops/kt_dispatch")
void BPF_PROG(kt_dispatch, s32 cpu, struct task_struct *prev)
{
	bool may_stay = false;
	u64 vtime;

	if (prev && (prev->scx.flags & SCX_TASK_QUEUED)) {
		charge(prev);
		may_stay = !is_held(prev);
		if (may_stay &&
		    !(first_waiting(cpu, &vtime) && before(vtime, prev->scx.dsq_vtime))) {
			keep(prev);
			return;
		}
	}
	if (dsq_move_to_local(DSQ_SHARED))
		count(&nr_dispatched);
	else if (may_stay) /* another CPU has taken the one that was better */
		keep(prev);
}

SEC("struct_ops/kt_running")
void BPF_PROG(kt_running, struct task_struct *p)
{
	struct task_ctx *tc = task_ctx(p);

	if (tc)
		tc->exec_start = p->se.sum_exec_runtime;
	if (before(vtime_now, p->scx.dsq_vtime))
		vtime_now = p->scx.dsq_vtime;
}

SEC("struct_ops/kt_stopping")
void BPF_PROG(kt_stopping, struct task_struct *p, bool runnable)
{
	charge(p);
}

/* With --fail-verify it reads through a pointer that may be NULL, which the verifier refuses. */
SEC("struct_ops.s/kt_init_task")
s32 BPF_PROG(kt_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct task_ctx *tc;

	tc = bpf_task_storage_get(&task_ctxs, p, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (fail_verify)
		return tc->rest_until;
	return tc ? 0 : -ENOMEM;
}

SEC("struct_ops/kt_enable")
void BPF_PROG(kt_enable, struct task_struct *p)
{
	p->scx.dsq_vtime = vtime_now;
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
	s32 err;

	started_ns = bpf_ktime_get_ns();
	err = scx_bpf_create_dsq(DSQ_SHARED, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_SLOW, -1);
	if (!err)
		err = scx_bpf_create_dsq(DSQ_HELD, -1);
	if (!err && slow_factor)
		err = start_timer();
	return err;
}

SEC("struct_ops/kt_exit")
void BPF_PROG(kt_exit, struct scx_exit_info *ei)
{
	bpf_probe_read_kernel_str(exit_info.reason, sizeof(exit_info.reason), ei->reason);
	bpf_probe_read_kernel_str(exit_info.msg, sizeof(exit_info.msg), ei->msg);
	bpf_probe_read_kernel_str(exit_dump, sizeof(exit_dump), ei->dump);
	exit_info.code = ei->exit_code;
	/* last, and atomically: user space polls it and then reads the rest */
	__sync_lock_test_and_set(&exit_info.kind, ei->kind);
}

SEC(".struct_ops.link")
struct sched_ext_ops kt_ops = {
	.select_cpu = (void *)kt_select_cpu,
	.enqueue = (void *)kt_enqueue,
	.dispatch = (void *)kt_dispatch,
	.running = (void *)kt_running,
	.stopping = (void *)kt_stopping,
	.init_task = (void *)kt_init_task,
	.enable = (void *)kt_enable,
	.cpu_online = (void *)kt_cpu_online,
	.cpu_offline = (void *)kt_cpu_offline,
	.init = (void *)kt_init,
	.exit = (void *)kt_exit,
	.flags = SCX_OPS_ENQ_LAST,
	.name = "kt",
};
