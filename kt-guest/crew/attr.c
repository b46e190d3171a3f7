// SPDX-License-Identifier: GPL-2.0-only
/* Gives the calling worker its policy, nice value, affinity, memory policy, names and ids. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attr.h"
#include "record.h"

/* Newer than the headers of some systems that kt is built on. */
#define POLICY_EXT               7
#define MODE_PREFERRED_MANY      5
#define MODE_WEIGHTED_INTERLEAVE 6
#define FLAG_STATIC_NODES        (1 << 15)
#define FLAG_RELATIVE_NODES      (1 << 14)
#define FLAG_NUMA_BALANCING      (1 << 13)

struct word {
	const char *name;
	int value;
};

static const struct word policies[] = {
	{ "normal", SCHED_NORMAL }, { "batch", SCHED_BATCH },
	{ "idle", SCHED_IDLE },     { "fifo", SCHED_FIFO },
	{ "rr", SCHED_RR },         { "deadline", SCHED_DEADLINE },
	{ "ext", POLICY_EXT },      { NULL, 0 },
};

static const struct word modes[] = {
	{ "default", MPOL_DEFAULT },
	{ "preferred", MPOL_PREFERRED },
	{ "bind", MPOL_BIND },
	{ "interleave", MPOL_INTERLEAVE },
	{ "local", MPOL_LOCAL },
	{ "preferred_many", MODE_PREFERRED_MANY },
	{ "weighted_interleave", MODE_WEIGHTED_INTERLEAVE },
	{ NULL, 0 },
};

static const struct word flags[] = {
	{ "static_nodes", FLAG_STATIC_NODES },
	{ "relative_nodes", FLAG_RELATIVE_NODES },
	{ "numa_balancing", FLAG_NUMA_BALANCING },
	{ NULL, 0 },
};

/* The value, or -1 with words in e. */
static int find(const struct word *w, const char *name, const char *what, struct errbuf *e)
{
	for (; w->name; w++)
		if (name && strcmp(w->name, name) == 0)
			return w->value;
	return errbuf_set(e, -1, "unknown %s '%s'", what, name ? name : "");
}

static int read_policy(struct attr_policy *p, struct json_object *o, struct errbuf *e)
{
	int kind;

	if (!o)
		return 0;
	kind = find(policies, rec_get_str(o, "kind", NULL), "policy", e);
	if (kind < 0)
		return -EINVAL;
	*p = (struct attr_policy){
		.set = true,
		.policy = (uint32_t)kind,
		.priority = (uint32_t)rec_get_int(o, "priority", 0),
		.runtime_ns = (uint64_t)rec_get_int(o, "runtime_ns", 0),
		.deadline_ns = (uint64_t)rec_get_int(o, "deadline_ns", 0),
		.period_ns = (uint64_t)rec_get_int(o, "period_ns", 0),
	};
	return 0;
}

int attr_read_affinity(struct attr_cpus *a, struct json_object *o, struct errbuf *e)
{
	const char *kind = rec_get_str(o, "kind", "inherit");
	int64_t count;

	*a = (struct attr_cpus){ .kind = ATTR_INHERIT };
	if (!o || strcmp(kind, "inherit") == 0)
		return 0;
	if (strcmp(kind, "exact") == 0) {
		a->kind = ATTR_EXACT;
		return cpulist_parse(rec_get_str(o, "cpus", ""), &a->pool, e);
	}
	if (strcmp(kind, "random") == 0) {
		a->kind = ATTR_RANDOM;
		count = rec_get_int(o, "count", 1);
		a->count = count < 1 ? 1 : count > CPULIST_MAX ? CPULIST_MAX : (unsigned int)count;
		return cpulist_parse(rec_get_str(o, "pool", ""), &a->pool, e);
	}
	a->each = rec_get_arr(o, "cpus");
	if (strcmp(kind, "each") || !a->each || !json_object_array_length(a->each))
		return errbuf_set(e, -EINVAL, "unknown affinity '%s'", kind);
	a->kind = ATTR_EACH;
	return 0;
}

static int read_memory(struct attr *a, struct json_object *o, struct errbuf *e)
{
	struct json_object *list = rec_get_arr(o, "flags");
	const char *nodes = rec_get_str(o, "nodes", "");
	struct cpulist l; /* node lists are written as CPU lists are */
	size_t i, n = list ? json_object_array_length(list) : 0;
	int node, flag;

	a->memory = o ? find(modes, rec_get_str(o, "mode", NULL), "memory policy", e) : -1;
	if (!o)
		return 0;
	if (a->memory < 0 || cpulist_parse(nodes, &l, e))
		return -EINVAL;
	for (node = cpulist_next(&l, -1); node >= 0; node = cpulist_next(&l, node))
		a->nodes[node / (8 * sizeof(long))] |= 1UL << (node % (8 * sizeof(long)));
	for (i = 0; i < n; i++) {
		flag = find(flags, json_object_get_string(json_object_array_get_idx(list, i)),
			    "flag of a memory policy", e);
		if (flag < 0)
			return -EINVAL;
		a->memory |= flag;
	}
	return 0;
}

int attr_read(struct attr *a, struct json_object *group, struct errbuf *e)
{
	int rc;

	*a = (struct attr){
		.nice = rec_get_int(group, "nice", ATTR_UNSET),
		.uid = rec_get_int(group, "uid", ATTR_UNSET),
		.gid = rec_get_int(group, "gid", ATTR_UNSET),
		.comm = rec_get_str(group, "comm", NULL),
		.pcomm = rec_get_str(group, "pcomm", NULL),
		.threads = strcmp(rec_get_str(group, "clone", "process"), "thread") == 0,
	};
	a->threads |= a->pcomm != NULL;
	rc = read_policy(&a->policy, rec_get_obj(group, "policy"), e);
	if (!rc)
		rc = attr_read_affinity(&a->affinity, rec_get_obj(group, "affinity"), e);
	return rc ? rc : read_memory(a, rec_get_obj(group, "mem_policy"), e);
}

static uint64_t next_random(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* `count` of the pool, the same ones for the same index and round. */
static void draw(const struct attr_cpus *a, unsigned int index, struct cpulist *l)
{
	struct cpulist left = a->pool, one;
	uint64_t seed = a->round << 32 | index;
	unsigned int i, skip;
	int cpu;

	cpulist_clear(l);
	for (i = 0; i < a->count && cpulist_count(&left); i++) {
		skip = (unsigned int)(next_random(&seed) % cpulist_count(&left));
		for (cpu = cpulist_next(&left, -1); skip--;)
			cpu = cpulist_next(&left, cpu);
		cpulist_add(l, (unsigned int)cpu);
		cpulist_clear(&one);
		cpulist_add(&one, (unsigned int)cpu);
		cpulist_andnot(&left, &one);
	}
}

bool attr_cpus_of(const struct attr_cpus *a, unsigned int index, struct cpulist *l)
{
	const char *text;

	switch (a->kind) {
	case ATTR_EXACT:
		*l = a->pool;
		return true;
	case ATTR_RANDOM:
		draw(a, index, l);
		return true;
	case ATTR_EACH:
		text = json_object_get_string(json_object_array_get_idx(
			a->each, index % json_object_array_length(a->each)));
		return text && cpulist_parse(text, l, NULL) == 0;
	default:
		return false;
	}
}

int attr_set_affinity(pid_t tid, const struct cpulist *l)
{
	return syscall(SYS_sched_setaffinity, tid, sizeof(l->bits), l->bits) ? -errno : 0;
}

static int fail(char *what, int rc, const char *text)
{
	snprintf(what, ATTR_WHAT, "%s", text);
	return rc;
}

/* Out of line: its frame would cost each of a thousand workers pages of stack. */
static __attribute__((noinline)) int set_affinity(const struct attr *a, unsigned int index,
						  char *what)
{
	struct cpulist l;
	char text[CPULIST_TEXT_MAX];
	int rc;

	if (!attr_cpus_of(&a->affinity, index, &l))
		return 0;
	rc = attr_set_affinity(0, &l);
	if (rc)
		snprintf(what, ATTR_WHAT, "affinity %.36s", cpulist_format(&l, text));
	return rc;
}

static int set_memory(const struct attr *a, char *what)
{
	bool none = a->memory < 0, bare = false;

	if (none)
		return 0;
	bare = (a->memory & 0xff) == MPOL_DEFAULT || (a->memory & 0xff) == MPOL_LOCAL;
	if (syscall(SYS_set_mempolicy, a->memory, bare ? NULL : a->nodes,
		    bare ? 0 : ATTR_NODES + 1))
		return fail(what, -errno, "memory policy");
	return 0;
}

static int set_policy(const struct attr *a, char *what)
{
	const struct attr_policy *p = &a->policy;
	const struct word *w = policies;
	struct sched_attr s = {
		.size = SCHED_ATTR_SIZE_VER0,
		.sched_policy = p->policy,
		.sched_priority = p->priority,
		.sched_runtime = p->runtime_ns,
		.sched_deadline = p->deadline_ns,
		.sched_period = p->period_ns,
		.sched_nice = a->nice == ATTR_UNSET ? 0 : (int32_t)a->nice,
	};
	int rc;

	if (p->set && syscall(SYS_sched_setattr, 0, &s, 0)) {
		rc = -errno;
		while (w->value != (int)p->policy)
			w++;
		snprintf(what, ATTR_WHAT, "policy %s", w->name);
		return rc;
	}
	/* not by sched_setattr() alone: not every policy takes it from there */
	if (a->nice != ATTR_UNSET && syscall(SYS_setpriority, PRIO_PROCESS, 0, (int)a->nice)) {
		rc = -errno;
		snprintf(what, ATTR_WHAT, "nice %d", (int)a->nice);
		return rc;
	}
	return 0;
}

int attr_apply(const struct attr *a, unsigned int index, char *what)
{
	int rc;

	if (a->comm)
		prctl(PR_SET_NAME, a->comm);
	rc = a->affinity.kind == ATTR_INHERIT ? 0 : set_affinity(a, index, what);
	if (!rc)
		rc = set_memory(a, what);
	/* after the affinity: a deadline task must not have less than all CPUs of its domain */
	return rc ? rc : set_policy(a, what);
}

/*
 * The C library's calls would change all threads of the process, so the kernel's own. The
 * groups go first, then the right to set them.
 */
int attr_apply_ids(const struct attr *a, char *what)
{
	bool any = a->uid != ATTR_UNSET || a->gid != ATTR_UNSET;

	if (any && syscall(SYS_setgroups, 0, NULL))
		return fail(what, -errno, "supplementary groups");
	if (a->gid != ATTR_UNSET &&
	    syscall(SYS_setresgid, (gid_t)a->gid, (gid_t)a->gid, (gid_t)a->gid))
		return fail(what, -errno, "gid");
	if (a->uid != ATTR_UNSET &&
	    syscall(SYS_setresuid, (uid_t)a->uid, (uid_t)a->uid, (uid_t)a->uid))
		return fail(what, -errno, "uid");
	return 0;
}
