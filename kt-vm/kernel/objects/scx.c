// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "kernel/value.h"
#include "record.h"
#include "scx.h"
#include "symbolize.h"
#include "units.h"

#define BUCKETS_MAX   65536
#define CHAIN_MAX     256 /* DSQs in one bucket: a guest that lies may have made a ring */
#define COMM_LEN      17
#define TEXT_MAX      1024
#define DUMP_MAX      (64 << 10)
#define SCX_EXIT_DONE 1 /* enum scx_exit_kind */
#define ITER_CURSOR   1 /* SCX_DSQ_LNODE_ITER_CURSOR: a mark in the list, no task */

/* The scheduler's own struct, from 6.16 on; 0 before, or when there is none. */
static uint64_t scx_root(const struct kview *kv)
{
	uint64_t root = kmem_symbol(&kv->mem, KS_SCX_ROOT), sch;

	return root && !kmem_number(&kv->mem, root, 8, &sch) ? sch : 0;
}

/* What the scheduler has of its own: a member of its struct, or a variable in older kernels. */
static uint64_t part(const struct kview *kv, enum kprobe probe)
{
	const struct kfield *f = &kv->probe.f[probe];
	uint64_t sch;

	if (!f->known)
		return kmem_symbol(&kv->mem, kprobe_variable(probe));
	sch = scx_root(kv);
	return sch ? sch + f->offset : 0;
}

static size_t bucket(const struct kview *kv, uint64_t node, uint64_t *dsq, size_t max)
{
	unsigned int chain;
	size_t n = 0;

	/* the chain ends in a marker with bit 0 set; the same bit in its head is a lock */
	for (node &= ~1ULL, chain = 0; node && !(node & 1) && n < max && chain < CHAIN_MAX;
	     chain++) {
		dsq[n++] = node - kv->probe.f[KP_DSQ_HASH_NODE].offset;
		if (kmem_number(&kv->mem, node, 8, &node))
			break;
	}
	return n;
}

size_t kscx_dsqs(const struct kview *kv, uint64_t *dsq, size_t max)
{
	const struct kfield *buckets = &kv->probe.f[KP_TBL_BUCKETS];
	uint64_t tbl = kview_number(kv, part(kv, KP_SCX_DSQ_HASH), KP_RHT_TBL), i, node;
	uint64_t size = buckets->known ? kview_number(kv, tbl, KP_TBL_SIZE) : 0;
	size_t n = 0;

	for (i = 0; i < size && i < BUCKETS_MAX && n < max && !kmem_spent(&kv->mem); i++)
		if (!kmem_number(&kv->mem, tbl + buckets->offset + 8 * i, 8, &node))
			n += bucket(kv, node, dsq + n, max - n);
	return n;
}

static uint64_t exit_info(const struct kview *kv)
{
	uint64_t at = part(kv, KP_SCX_EXIT_INFO);

	return at && !kmem_number(&kv->mem, at, 8, &at) ? at : 0;
}

uint64_t kscx_events(const struct kview *kv)
{
	uint64_t at = part(kv, KP_SCX_EVENTS);

	if (!kv->probe.f[KP_SCX_EVENTS].known)
		return at; /* a per-CPU variable */
	if (!at || kmem_number(&kv->mem, at, 8, &at) || !at)
		return 0;
	return at + kv->probe.f[KP_PCPU_EVENTS].offset;
}

uint64_t kscx_exit_place(const struct kview *kv)
{
	return part(kv, KP_SCX_EXIT_KIND);
}

unsigned int kscx_exit_claimed(const struct kview *kv)
{
	uint64_t at = kscx_exit_place(kv), kind;

	return at && !kmem_number(&kv->mem, at, 4, &kind) && kind > SCX_EXIT_DONE
		       ? (unsigned int)kind
		       : 0;
}

unsigned int kscx_exit_kind(const struct kview *kv)
{
	unsigned int kind = kscx_exit_claimed(kv);

	return kind ? kind : (unsigned int)kview_number(kv, exit_info(kv), KP_EXIT_KIND);
}

static void add_text(const struct kview *kv, struct json_object *to, const char *key, uint64_t info,
		     enum kprobe probe, size_t size)
{
	uint64_t at = kview_number(kv, info, probe);
	char *text = malloc(size);

	if (text && at && kmem_string(&kv->mem, at, text, size) > 0)
		rec_str(to, key, text);
	else
		rec_str(to, key, NULL);
	free(text);
}

bool kscx_bypassing(const struct kview *kv)
{
	unsigned int cpu;

	if (!kv->probe.rq_bypassing)
		return kview_number(kv, scx_root(kv), KP_SCX_BYPASS_DEPTH) != 0;
	for (cpu = 0; cpu < kv->m->cpus; cpu++)
		if (kview_number(kv, kv->rq[cpu], KP_RQ_SCX_FLAGS) & kv->probe.rq_bypassing)
			return true;
	return false;
}

enum kscx_state kscx_state(const struct kview *kv)
{
	uint64_t at = kmem_symbol(&kv->mem, KS_SCX_STATE), state;

	if (!at)
		at = kmem_symbol(&kv->mem, KS_SCX_STATE_EARLY);
	return at && !kmem_number(&kv->mem, at, 4, &state) && state < KPROBE_SCX_STATES
		       ? kv->probe.scx_state[state]
		       : KSCX_UNKNOWN;
}

bool kscx_ops_name(const struct kview *kv, char *buf, size_t size)
{
	uint64_t ops = part(kv, KP_SCX_OPS);

	return ops && kmem_string(&kv->mem, ops + kv->probe.f[KP_OPS_NAME].offset, buf, size) > 0;
}

/*
 * Where the kernel was when it took note of the end: the addresses, and their number. It keeps
 * none of an end that is no error, and there is what was seen.
 */
static size_t backtrace(const struct kview *kv, uint64_t info, const struct kstack *seen,
			uint64_t pc[KVIEW_STACK])
{
	uint64_t bt = kview_number(kv, info, KP_EXIT_BT),
		 n = kview_number(kv, info, KP_EXIT_BT_LEN);
	size_t i;

	for (i = 0; i < n && i < KVIEW_STACK && !kmem_number(&kv->mem, bt + 8 * i, 8, &pc[i]); i++)
		;
	if (i)
		return i;
	memcpy(pc, seen->pc, seen->n * sizeof(*pc));
	return seen->n;
}

static struct json_object *symbols(struct kview *kv, const uint64_t *pc, size_t n)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(a, ksymbolize(kv, pc[i]));
	return a;
}

struct json_object *kscx_exit(struct kview *kv, const struct kstack *seen)
{
	uint64_t info = exit_info(kv);
	const struct kfield *kind = &kv->probe.f[KP_EXIT_KIND];
	uint64_t v, pc[KVIEW_STACK];
	struct json_object *j;
	char name[128];
	size_t n;
	int type;

	if (!info || !kscx_ops_name(kv, name, sizeof(name)) || !kind->known ||
	    kmem_number(&kv->mem, info + kind->offset, 4, &v))
		return NULL;
	if (!v) /* written late: the variable comes first */
		v = kscx_exit_kind(kv);
	j = json_object_new_object();
	rec_str(j, "ops", name);
	type = btf__find_by_name_kind(kv->btf, "scx_exit_kind", BTF_KIND_ENUM);
	rec_add(j, "kind", kval_json(kv->btf, type > 0 ? (uint32_t)type : 0, &v, sizeof(v), NULL));
	rec_int(j, "exit_code", (int64_t)kview_number(kv, info, KP_EXIT_CODE));
	add_text(kv, j, "reason", info, KP_EXIT_REASON, TEXT_MAX);
	add_text(kv, j, "msg", info, KP_EXIT_MSG, TEXT_MAX);
	n = backtrace(kv, info, seen, pc);
	rec_add(j, "backtrace", symbols(kv, pc, n));
	add_text(kv, j, "dump", info, KP_EXIT_DUMP, DUMP_MAX);
	rec_add(j, "blame", kblame(kv, j, pc, n));
	return j;
}

/* How long a task has been runnable, by the guest's jiffies: their unit is the kernel's HZ. */
static int64_t waiting_jiffies(const struct kview *kv, uint64_t task)
{
	uint64_t now, since = kview_number(kv, task, KP_TASK_SCX_RUNNABLE_AT);

	if (!since || kmem_number(&kv->mem, kmem_symbol(&kv->mem, KS_JIFFIES), 8, &now))
		return -1;
	return (int64_t)(now - since);
}

static struct json_object *task_json(const struct kview *kv, uint64_t task, bool waits)
{
	struct json_object *j = json_object_new_object();
	char comm[COMM_LEN] = "";

	kmem_string(&kv->mem, task + kv->probe.f[KP_TASK_COMM].offset, comm, sizeof(comm));
	rec_int(j, "pid", (int64_t)kview_number(kv, task, KP_TASK_PID));
	rec_str(j, "comm", comm);
	rec_int(j, "slice_ns", (int64_t)kview_number(kv, task, KP_TASK_SCX_SLICE));
	rec_add(j, "vtime", json_object_new_uint64(kview_number(kv, task, KP_TASK_SCX_VTIME)));
	rec_int(j, "weight", (int64_t)kview_number(kv, task, KP_TASK_SCX_WEIGHT));
	if (waits)
		rec_int(j, "runnable_jiffies", waiting_jiffies(kv, task));
	return j;
}

/* The tasks on a list_head at `head`, linked at `probe`. */
static struct json_object *list_tasks(const struct kview *kv, uint64_t head, enum kprobe probe)
{
	const struct kfield *link = &kv->probe.f[probe];
	struct json_object *a = json_object_new_array();
	unsigned int i;
	uint64_t node;

	if (!head || !link->known || kmem_number(&kv->mem, head, 8, &node))
		return a;
	for (i = 0; i < KSCX_TASKS_MAX && node && node != head; i++) {
		uint64_t task = node - link->offset;

		if (probe != KP_TASK_SCX_DSQ_NODE ||
		    !(kview_number(kv, task, KP_TASK_SCX_DSQ_FLAGS) & ITER_CURSOR))
			json_object_array_add(a, task_json(kv, task, true));
		if (kmem_number(&kv->mem, node, 8, &node))
			break;
	}
	return a;
}

struct json_object *kscx_queues(const struct kview *kv)
{
	struct json_object *a = json_object_new_array(), *q;
	uint64_t dsq[KSCX_DSQS_MAX];
	size_t i, n = kscx_dsqs(kv, dsq, KSCX_DSQS_MAX);

	for (i = 0; i < n; i++) {
		q = json_object_new_object();
		rec_add(q, "id", json_object_new_uint64(kview_number(kv, dsq[i], KP_DSQ_ID)));
		rec_int(q, "nr", (int64_t)kview_number(kv, dsq[i], KP_DSQ_NR));
		rec_add(q, "tasks",
			list_tasks(kv, dsq[i] + kv->probe.f[KP_DSQ_LIST].offset,
				   KP_TASK_SCX_DSQ_NODE));
		json_object_array_add(a, q);
	}
	return a;
}

struct json_object *kscx_local(const struct kview *kv, unsigned int cpu)
{
	const struct kfield *local = &kv->probe.f[KP_RQ_SCX_LOCAL_DSQ];
	uint64_t dsq = local->known && kv->rq[cpu] ? kv->rq[cpu] + local->offset : 0;

	return list_tasks(kv, dsq ? dsq + kv->probe.f[KP_DSQ_LIST].offset : 0,
			  KP_TASK_SCX_DSQ_NODE);
}

struct json_object *kscx_runnable(const struct kview *kv, unsigned int cpu)
{
	const struct kfield *list = &kv->probe.f[KP_RQ_SCX_RUNNABLE];

	return list_tasks(kv, list->known && kv->rq[cpu] ? kv->rq[cpu] + list->offset : 0,
			  KP_TASK_SCX_RUNNABLE_NODE);
}
