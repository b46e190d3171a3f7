// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/blame.h"
#include "scx.h"
#include "units.h"
#include "value.h"

#define BUCKETS_MAX   65536
#define CHAIN_MAX     256 /* DSQs in one bucket: a guest that lies may have made a ring */
#define COMM_LEN      17
#define TEXT_MAX      1024
#define DUMP_MAX      (64 << 10)
#define SCX_EXIT_DONE 1 /* enum scx_exit_kind */
#define ITER_CURSOR   1 /* SCX_DSQ_LNODE_ITER_CURSOR: a mark in the list, no task */

/* The scheduler's own struct, from 6.16 on; 0 before, or when there is none. */
static uint64_t scx_root(const struct obs *o)
{
	uint64_t root = kmem_symbol(&o->mem, KS_SCX_ROOT), sch;

	return root && !kmem_number(&o->mem, root, 8, &sch) ? sch : 0;
}

/* What the scheduler has of its own: a member of its struct, or a variable in older kernels. */
static uint64_t part(const struct obs *o, enum kprobe probe)
{
	const struct kfield *f = &o->probe.f[probe];
	uint64_t sch;

	if (!f->known)
		return kmem_symbol(&o->mem, kprobe_variable(probe));
	sch = scx_root(o);
	return sch ? sch + f->offset : 0;
}

static size_t bucket(const struct obs *o, uint64_t node, uint64_t *dsq, size_t max)
{
	unsigned int chain;
	size_t n = 0;

	/* the chain ends in a marker with bit 0 set; the same bit in its head is a lock */
	for (node &= ~1ULL, chain = 0; node && !(node & 1) && n < max && chain < CHAIN_MAX;
	     chain++) {
		dsq[n++] = node - o->probe.f[KP_DSQ_HASH_NODE].offset;
		if (kmem_number(&o->mem, node, 8, &node))
			break;
	}
	return n;
}

size_t kscx_dsqs(const struct obs *o, uint64_t *dsq, size_t max)
{
	const struct kfield *buckets = &o->probe.f[KP_TBL_BUCKETS];
	uint64_t tbl = obs_number(o, part(o, KP_SCX_DSQ_HASH), KP_RHT_TBL), i, node;
	uint64_t size = buckets->known ? obs_number(o, tbl, KP_TBL_SIZE) : 0;
	size_t n = 0;

	for (i = 0; i < size && i < BUCKETS_MAX && n < max && !kmem_spent(&o->mem); i++)
		if (!kmem_number(&o->mem, tbl + buckets->offset + 8 * i, 8, &node))
			n += bucket(o, node, dsq + n, max - n);
	return n;
}

static uint64_t exit_info(const struct obs *o)
{
	uint64_t at = part(o, KP_SCX_EXIT_INFO);

	return at && !kmem_number(&o->mem, at, 8, &at) ? at : 0;
}

uint64_t kscx_events(const struct obs *o)
{
	uint64_t at = part(o, KP_SCX_EVENTS);

	if (!o->probe.f[KP_SCX_EVENTS].known)
		return at; /* a per-CPU variable */
	if (!at || kmem_number(&o->mem, at, 8, &at) || !at)
		return 0;
	return at + o->probe.f[KP_PCPU_EVENTS].offset;
}

uint64_t kscx_exit_place(const struct obs *o)
{
	return part(o, KP_SCX_EXIT_KIND);
}

unsigned int kscx_exit_claimed(const struct obs *o)
{
	uint64_t at = kscx_exit_place(o), kind;

	return at && !kmem_number(&o->mem, at, 4, &kind) && kind > SCX_EXIT_DONE
		       ? (unsigned int)kind
		       : 0;
}

unsigned int kscx_exit_kind(const struct obs *o)
{
	unsigned int kind = kscx_exit_claimed(o);

	return kind ? kind : (unsigned int)obs_number(o, exit_info(o), KP_EXIT_KIND);
}

static void add_text(const struct obs *o, struct json_object *to, const char *key, uint64_t info,
		     enum kprobe probe, size_t size)
{
	uint64_t at = obs_number(o, info, probe);
	char *text = malloc(size);

	if (text && at && kmem_string(&o->mem, at, text, size) > 0)
		rec_str(to, key, text);
	else
		rec_str(to, key, NULL);
	free(text);
}

bool kscx_bypassing(const struct obs *o)
{
	unsigned int cpu;

	if (!o->probe.rq_bypassing)
		return obs_number(o, scx_root(o), KP_SCX_BYPASS_DEPTH) != 0;
	for (cpu = 0; cpu < o->m->cpus; cpu++)
		if (obs_number(o, o->rq[cpu], KP_RQ_SCX_FLAGS) & o->probe.rq_bypassing)
			return true;
	return false;
}

enum kscx_state kscx_state(const struct obs *o)
{
	uint64_t at = kmem_symbol(&o->mem, KS_SCX_STATE), state;

	if (!at)
		at = kmem_symbol(&o->mem, KS_SCX_STATE_EARLY);
	return at && !kmem_number(&o->mem, at, 4, &state) && state < KPROBE_SCX_STATES
		       ? o->probe.scx_state[state]
		       : KSCX_UNKNOWN;
}

bool kscx_ops_name(const struct obs *o, char *buf, size_t size)
{
	uint64_t ops = part(o, KP_SCX_OPS);

	return ops && kmem_string(&o->mem, ops + o->probe.f[KP_OPS_NAME].offset, buf, size) > 0;
}

/*
 * Where the kernel was when it took note of the end: the addresses, and their number. It keeps
 * none of an end that is no error, and there is what was seen.
 */
static size_t backtrace(const struct obs *o, uint64_t info, uint64_t pc[OBS_STACK])
{
	uint64_t bt = obs_number(o, info, KP_EXIT_BT), n = obs_number(o, info, KP_EXIT_BT_LEN);
	size_t i;

	for (i = 0; i < n && i < OBS_STACK && !kmem_number(&o->mem, bt + 8 * i, 8, &pc[i]); i++)
		;
	if (i)
		return i;
	memcpy(pc, o->end_pc, o->end_n * sizeof(*pc));
	return o->end_n;
}

static struct json_object *symbols(struct obs *o, const uint64_t *pc, size_t n)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(a, obs_symbol(o, pc[i]));
	return a;
}

struct json_object *kscx_exit(struct obs *o)
{
	uint64_t info = exit_info(o);
	const struct kfield *kind = &o->probe.f[KP_EXIT_KIND];
	uint64_t v, pc[OBS_STACK];
	struct json_object *j;
	char name[128];
	size_t n;
	int type;

	if (!info || !kscx_ops_name(o, name, sizeof(name)) || !kind->known ||
	    kmem_number(&o->mem, info + kind->offset, 4, &v))
		return NULL;
	if (!v) /* written late: the variable comes first */
		v = kscx_exit_kind(o);
	j = json_object_new_object();
	rec_str(j, "ops", name);
	type = btf__find_by_name_kind(o->btf, "scx_exit_kind", BTF_KIND_ENUM);
	rec_add(j, "kind", kval_json(o->btf, type > 0 ? (uint32_t)type : 0, &v, sizeof(v), NULL));
	rec_int(j, "exit_code", (int64_t)obs_number(o, info, KP_EXIT_CODE));
	add_text(o, j, "reason", info, KP_EXIT_REASON, TEXT_MAX);
	add_text(o, j, "msg", info, KP_EXIT_MSG, TEXT_MAX);
	n = backtrace(o, info, pc);
	rec_add(j, "backtrace", symbols(o, pc, n));
	add_text(o, j, "dump", info, KP_EXIT_DUMP, DUMP_MAX);
	rec_add(j, "blame", kblame(o, j, pc, n));
	return j;
}

/* How long a task has been runnable, by the guest's jiffies: their unit is the kernel's HZ. */
static int64_t waiting_jiffies(const struct obs *o, uint64_t task)
{
	uint64_t now, since = obs_number(o, task, KP_TASK_SCX_RUNNABLE_AT);

	if (!since || kmem_number(&o->mem, kmem_symbol(&o->mem, KS_JIFFIES), 8, &now))
		return -1;
	return (int64_t)(now - since);
}

static struct json_object *task_json(const struct obs *o, uint64_t task, bool waits)
{
	struct json_object *j = json_object_new_object();
	char comm[COMM_LEN] = "";

	kmem_string(&o->mem, task + o->probe.f[KP_TASK_COMM].offset, comm, sizeof(comm));
	rec_int(j, "pid", (int64_t)obs_number(o, task, KP_TASK_PID));
	rec_str(j, "comm", comm);
	rec_int(j, "slice_ns", (int64_t)obs_number(o, task, KP_TASK_SCX_SLICE));
	rec_add(j, "vtime", json_object_new_uint64(obs_number(o, task, KP_TASK_SCX_VTIME)));
	rec_int(j, "weight", (int64_t)obs_number(o, task, KP_TASK_SCX_WEIGHT));
	if (waits)
		rec_int(j, "runnable_jiffies", waiting_jiffies(o, task));
	return j;
}

/* The tasks on a list_head at `head`, linked at `probe`. */
static struct json_object *list_tasks(const struct obs *o, uint64_t head, enum kprobe probe)
{
	const struct kfield *link = &o->probe.f[probe];
	struct json_object *a = json_object_new_array();
	unsigned int i;
	uint64_t node;

	if (!head || !link->known || kmem_number(&o->mem, head, 8, &node))
		return a;
	for (i = 0; i < KSCX_TASKS_MAX && node && node != head; i++) {
		uint64_t task = node - link->offset;

		if (probe != KP_TASK_SCX_DSQ_NODE ||
		    !(obs_number(o, task, KP_TASK_SCX_DSQ_FLAGS) & ITER_CURSOR))
			json_object_array_add(a, task_json(o, task, true));
		if (kmem_number(&o->mem, node, 8, &node))
			break;
	}
	return a;
}

struct json_object *kscx_queues(const struct obs *o)
{
	struct json_object *a = json_object_new_array(), *q;
	uint64_t dsq[KSCX_DSQS_MAX];
	size_t i, n = kscx_dsqs(o, dsq, KSCX_DSQS_MAX);

	for (i = 0; i < n; i++) {
		q = json_object_new_object();
		rec_add(q, "id", json_object_new_uint64(obs_number(o, dsq[i], KP_DSQ_ID)));
		rec_int(q, "nr", (int64_t)obs_number(o, dsq[i], KP_DSQ_NR));
		rec_add(q, "tasks",
			list_tasks(o, dsq[i] + o->probe.f[KP_DSQ_LIST].offset,
				   KP_TASK_SCX_DSQ_NODE));
		json_object_array_add(a, q);
	}
	return a;
}

struct json_object *kscx_local(const struct obs *o, unsigned int cpu)
{
	const struct kfield *local = &o->probe.f[KP_RQ_SCX_LOCAL_DSQ];
	uint64_t dsq = local->known && o->rq[cpu] ? o->rq[cpu] + local->offset : 0;

	return list_tasks(o, dsq ? dsq + o->probe.f[KP_DSQ_LIST].offset : 0, KP_TASK_SCX_DSQ_NODE);
}

struct json_object *kscx_runnable(const struct obs *o, unsigned int cpu)
{
	const struct kfield *list = &o->probe.f[KP_RQ_SCX_RUNNABLE];

	return list_tasks(o, list->known && o->rq[cpu] ? o->rq[cpu] + list->offset : 0,
			  KP_TASK_SCX_RUNNABLE_NODE);
}
