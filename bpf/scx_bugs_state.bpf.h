/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_BUGS_STATE_BPF_H
#define SCX_BUGS_STATE_BPF_H

/* Which bug of scx_bugs is in, what bugs remember, and whom they are about. */
#include "kt_sched.bpf.h"
#include "scx_bugs.h"

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

#endif
