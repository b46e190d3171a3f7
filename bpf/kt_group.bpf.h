/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GROUP_BPF_H
#define KT_GROUP_BPF_H

/*
 * The tree of cgroups as the scheduler sees it: what a task's weight comes to below
 * its cgroups' weights, and what is left of the quotas above it (cpu.max).
 *
 * Weights are flattened. A cgroup's weight is split among its members that compete,
 * by their weights; a member of the root counts with its own. So a task's weight is
 * comparable to any other's in the machine, and one queue can order them all.
 *
 * A quota is a budget that each period fills again, never beyond one quota. Tasks take
 * of it in small grants before they run; what is used without a grant (a slice ends at
 * a timer tick only) makes the budget negative, and later periods pay for it. So use
 * is above the quota by one tick for each CPU at most, and never in the long run.
 *
 * Groups are known by the address of their cgroup, which is never followed. Their
 * task_group is, to read the quota: Linux before 6.17 does not tell a scheduler of
 * changes of cpu.max.
 *
 * What walks up the tree is no static function, so that the verifier looks at it once.
 */
#define GROUP_DEPTH  16         /* levels looked at; those above have no say */
#define WEIGHT_SHIFT 10         /* effective weights are in 1/1024 */
#define GRANT_MAX    5000000ULL /* ns taken from a quota at once, as fair.c does */
#define NO_QUOTA     (~0ULL)    /* RUNTIME_INF */

struct kt_group {
	u64 task_group; /* its address; 0 until a task has been in it or below */
	u64 parent;     /* the key of the group above; of one that is not known: the root */
	u64 weight;     /* cpu.weight */
	s64 sum;        /* of the weights of the members that compete, tasks and groups */
	s64 members;    /* their number */
	u64 quota;      /* ns a period; NO_QUOTA for none */
	u64 period;
	s64 budget;    /* what is left of it; negative: debt */
	u64 filled_at; /* begin of the period that filled it */
	u64 read_at;   /* jiffy in which the quota was read from the kernel */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct kt_group);
} groups SEC(".maps");

s64 root_sum;   /* weights of the root's members that compete */
s64 nr_active;  /* tasks that compete, in all groups */
s64 nr_limited; /* groups with a quota; 0: nothing below need be asked */

/* What the scheduler that includes this may say of a cgroup's weight and quota. */
static u64 hook_group_weight(u64 weight);
static u64 hook_quota(const struct kt_group *g, u64 quota);

static struct kt_group *group_of(u64 key)
{
	return bpf_map_lookup_elem(&groups, &key);
}

/* ---- weights ------------------------------------------------------------------ */

/* A member of weight `weight` begins (n = 1) or ceases (n = -1) to compete in a group. */
__noinline int group_count(u64 key, s64 weight, s64 n)
{
	struct kt_group *g;
	s64 was;
	int i;

	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(key);
		if (!g)
			break;
		__sync_fetch_and_add(&g->sum, n * weight);
		was = __sync_fetch_and_add(&g->members, n);
		if (was != (n > 0 ? 0 : 1))
			return 0; /* the group goes on as it was for the one above */
		weight = g->weight;
		key = g->parent;
	}
	__sync_fetch_and_add(&root_sum, n * weight);
	return 0;
}

/* The weight of a member of group `key` in the whole machine, in 1/1024. */
__noinline u64 group_weight(u64 key, u64 weight)
{
	u64 eff = weight << WEIGHT_SHIFT;
	struct kt_group *g;
	s64 sum;
	int i;

	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(key);
		if (!g)
			break;
		sum = g->sum;
		if (sum < (s64)weight) /* it does not compete at this moment, or the sum is about to
					  change */
			sum = weight;
		weight = hook_group_weight(g->weight);
		eff = eff * weight / (sum ?: 1);
		key = g->parent;
	}
	return eff ?: 1;
}

static void group_set_weight(u64 key, u64 weight)
{
	struct kt_group *g = group_of(key), *above;
	s64 more;

	if (!g)
		return;
	more = weight - g->weight;
	g->weight = weight;
	if (g->members <= 0)
		return;
	above = group_of(g->parent);
	__sync_fetch_and_add(above ? &above->sum : &root_sum, more);
}

/* ---- quotas ------------------------------------------------------------------- */

static void start_late_timer(void);

static void group_read_quota(struct kt_group *g, u64 now)
{
	struct task_group *tg = (struct task_group *)g->task_group;
	u64 quota = NO_QUOTA, period = 0, jiffy = bpf_jiffies64();
	bool had = g->quota != NO_QUOTA, has;

	if (g->read_at == jiffy)
		return;
	if (bpf_core_field_exists(tg->cfs_bandwidth.quota)) {
		quota = hook_quota(g, BPF_CORE_READ(tg, cfs_bandwidth.quota));
		period = BPF_CORE_READ(tg, cfs_bandwidth.period);
	}
	g->read_at = jiffy;
	if (quota == g->quota && period == g->period)
		return;
	has = quota != NO_QUOTA && period && quota;
	g->period = period;
	g->filled_at = now;
	g->budget = quota;
	g->quota = has ? quota : NO_QUOTA;
	if (has && !had && __sync_fetch_and_add(&nr_limited, 1) == 0)
		start_late_timer();
	else if (had && !has)
		__sync_fetch_and_add(&nr_limited, -1);
}

static void group_fill(struct kt_group *g, u64 now)
{
	u64 at = g->filled_at, n;
	s64 room;

	if (!g->period || before(now, at + g->period))
		return;
	n = (now - at) / g->period;
	if (__sync_val_compare_and_swap(&g->filled_at, at, at + n * g->period) != at)
		return; /* another CPU does it */
	room = g->quota - g->budget;
	if (room <= 0)
		return;
	if (n <= (u64)room / g->quota)
		room = n * g->quota;
	__sync_fetch_and_add(&g->budget, room);
}

/* Brings what is known of a group's quota up to date; false if it has none. */
__noinline int group_refresh(u64 key, u64 now)
{
	struct kt_group *g = group_of(key);

	if (!g)
		return false;
	group_read_quota(g, now);
	if (g->quota == NO_QUOTA)
		return false;
	group_fill(g, now);
	return true;
}

/*
 * What a task of group `key` may use before it asks again, taken from all quotas above
 * it: 0 when one of them is used up, and then *due is when it will have something again.
 */
__noinline u64 group_take(u64 key, u64 now, u64 *due)
{
	u64 grant = GRANT_MAX, at, up = key;
	struct kt_group *g;
	bool limited;
	int i;

	if (!due)
		return 0;
	*due = 0;
	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(up);
		if (!g)
			break;
		limited = group_refresh(up, now);
		up = g->parent;
		if (!limited)
			continue;
		if (g->budget <= 0) {
			at = g->filled_at + ((u64)-g->budget / (g->quota ?: 1) + 1) * g->period;
			if (before(*due, at))
				*due = at;
		} else if ((u64)g->budget < grant) {
			grant = g->budget;
		}
	}
	if (*due)
		return 0;
	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(key);
		if (!g)
			break;
		key = g->parent;
		if (g->quota != NO_QUOTA)
			__sync_fetch_and_add(&g->budget, -(s64)grant);
	}
	return grant;
}

/* `ns` were used without a grant; negative for what is left of one, 0 to learn of limits. */
__noinline int group_use(u64 key, s64 ns, u64 now)
{
	struct kt_group *g;
	int i;

	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(key);
		if (!g)
			break;
		if (group_refresh(key, now))
			__sync_fetch_and_add(&g->budget, -ns);
		key = g->parent;
	}
	return 0;
}

/* ---- they come and go --------------------------------------------------------- */

static u64 key_of_group(struct cgroup *cgrp)
{
	return (u64)cgrp;
}

/* A group that finds no place in the map counts as a part of the root, which is in none. */
static void group_init(struct cgroup *cgrp, u64 weight)
{
	struct kt_group g = { .weight = weight, .quota = NO_QUOTA };
	u64 key = key_of_group(cgrp);

	if (cgrp->level > 0)
		bpf_map_update_elem(&groups, &key, &g, BPF_ANY);
}

static void group_exit(struct cgroup *cgrp)
{
	u64 key = key_of_group(cgrp);
	struct kt_group *g = group_of(key);

	if (g && g->quota != NO_QUOTA)
		__sync_fetch_and_add(&nr_limited, -1);
	bpf_map_delete_elem(&groups, &key);
}

/*
 * The group of a task. Its first one tells where the group and those above it are: when a
 * cgroup is made, it does not have its task_group yet.
 */
static u64 group_of_task(struct task_struct *p)
{
	struct task_group *tg = p->sched_task_group, *above;
	u64 key = (u64)BPF_CORE_READ(tg, css.cgroup), own = key;
	struct kt_group *g;
	int i;

	bpf_for (i, 0, GROUP_DEPTH) {
		g = group_of(key);
		if (!g || g->task_group)
			break;
		above = BPF_CORE_READ(tg, parent);
		key = (u64)BPF_CORE_READ(above, css.cgroup);
		g->parent = key;
		g->task_group = (u64)tg;
		tg = above;
	}
	return own;
}

#endif
