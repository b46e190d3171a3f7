/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_TESTS_GUEST_IMAGE_H
#define KT_TESTS_GUEST_IMAGE_H

/*
 * The memory of a small guest kernel, for tests of the reader: page tables, two CPUs with their
 * runqueues, a scheduler with DSQs and tasks, BPF maps of each kind with BTF, programs, a
 * stack, ring buffers of the flight recorder. Structs are laid out as is convenient here:
 * where members are is what the probes say (guest_kernel.h).
 *
 * The image is one struct; GVA(member) is where the guest has it. guest_image_init() fills it.
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kt-vm/observe/obs.h"

#define G_CPUS        2
#define G_PAGE_OFFSET 0xffff888000000000ULL
#define G_VMALLOC     0xffffc90040200000ULL /* the image once more, in pages of 4 KiB */
#define G_TEXT        (KMEM_START_KERNEL_MAP + 0x100000)
#define G_BPF_TEXT    0xffffffffc0000000ULL /* the one program of it */
#define G_FUNCTION    0x100                 /* bytes of each */
#define G_BANNER      "Linux version 6.12.0-guest-image (kt) #1 SMP"
#define G_EVENT_ID    77

struct g_list {
	uint64_t next, prev;
};

struct g_task {
	uint32_t pid, tgid;
	char comm[16];
	struct g_list dsq_node, runnable;
	uint32_t dsq_flags, weight, state, pad;
	uint64_t dsq, runnable_at, slice, vtime, stack;
	uint32_t cpu, on_cpu, on_rq, delayed, flags, migration_disabled;
	uint64_t class, cpus, queued, cgroups, load, cfs_rq;
	struct g_list group_node, rt_node;
	uint64_t dl_node[3]; /* parent, right, left */
};

struct g_dsq {
	struct g_list list;
	uint64_t hash_node, id;
	uint32_t nr, pad;
};

struct g_rq {
	uint32_t nr_running, scx_nr_running, scx_flags, yld_count;
	uint64_t clock, curr, idle, nr_switches, run_delay, pcount, sd;
	uint32_t sched_count, sched_goidle, ttwu_count, ttwu_local;
	struct g_list fair, rt[3];
	uint64_t rt_bits[2], dl;
	struct g_dsq local;
	struct g_list runnable;
};

struct g_domain {
	uint64_t parent, name;
	uint32_t level, flags;
	uint32_t lb_count[3], ttwu_wake;
	uint64_t span; /* behind the struct */
};

/* What each CPU has, at the same distance from the first one's. */
struct g_cpu {
	struct g_rq rq;
	uint64_t stats[2]; /* of the BPF program: runs, ns */
	uint64_t value[2]; /* of the per-CPU array's only item */
	uint64_t hashed[2];
	uint64_t events[2]; /* of sched_ext */
	struct g_tick {
		uint64_t flags, seq, entry, idle, iowait;
	} tick;
};

struct g_map {
	uint32_t type, key_size, value_size, max_entries, id, elem_size;
	char name[16];
	uint64_t btf;
	uint32_t key_type, value_type;
	uint64_t buckets; /* hash, storage */
	uint32_t n_buckets, bucket_log;
	uint64_t vm, user_start, user_end; /* arena */
	uint64_t value[16];                /* array */
};

struct g_elem { /* of a hash table */
	uint64_t next;
	uint32_t key, pad;
	uint64_t value[2];
};

struct g_selem { /* of a storage */
	uint64_t next, pprev, storage, value[2];
};

struct g_ksym { /* of code of BPF's */
	struct g_list link;
	uint64_t start, end;
	uint32_t is_prog, pad;
	char name[48];
};

struct g_page { /* of a ring buffer: kernel's struct buffer_page */
	struct g_list list;
	uint64_t data;
};

struct g_data_page {
	uint64_t time, commit;
	uint32_t data[60];
};

enum { G_ARRAY, G_BSS, G_PERCPU_ARRAY, G_HASH, G_PERCPU_HASH, G_STORAGE, G_ARENA, G_QUEUE, G_MAPS };
enum { G_IDLE, G_LEFT, G_RIGHT, G_KWORKER, G_FAIR, G_RT, G_DL, G_TASKS };
enum { G_TOP, G_PML4, G_PDPT, G_PD, G_PT, G_TABLES };

struct g_image {
	uint64_t table[G_TABLES][512];
	/* variables of the kernel */
	char banner[64];
	uint64_t per_cpu_offset[G_CPUS];
	uint64_t phys_base, page_offset_base, jiffies;
	uint32_t l5, nr_cpus, number, exit_kind_early;
	uint64_t dsq_hash, exit_info, root, map_idr, next_map, prog_idr, trace_buffer;
	uint64_t switch_event, wakeup_event;
	struct g_list bpf_ksyms;
	uint64_t class[6]; /* stop, dl, rt, fair, ext, idle: their addresses count */
	uint64_t active;   /* CPUs */
	struct {
		uint64_t seq, base, nsec, shift;
	} tk;
	uint32_t scx_state, pad;
	uint64_t ops[2]; /* callbacks of the scheduler */
	char ops_name[16];
	/* what they point to */
	struct g_cpu cpu[G_CPUS];
	struct g_task task[G_TASKS];
	uint64_t mask, cfs_rq, css, cgroup, kn; /* that tasks point to */
	char kn_name[16];
	struct g_dsq dsq[2];
	struct g_domain domain[2];
	struct {
		uint64_t bit, name;
	} flag[2]; /* of domains */
	struct {
		uint64_t size, bucket[2];
	} hash;
	struct {
		uint64_t dsq_hash, exit_info, pcpu;
		uint32_t exit_kind, bypass_depth;
		uint64_t ops[2];
		char name[16];
	} sched; /* from 6.16 on */
	struct {
		uint32_t kind, bt_len;
		uint64_t code, reason, msg, dump, bt, trace[4];
		char text[64], message[64], log[128];
	} exit;
	uint64_t node[2][64]; /* of the IDRs */
	struct g_map map[G_MAPS];
	struct g_elem elem[4];
	struct g_selem selem[2];
	uint64_t buckets[4], owner[2];
	struct {
		uint64_t data, size, id, base;
	} btf;
	uint8_t btf_data[2048];
	struct {
		uint64_t stats, aux;
		uint32_t type, pad;
	} prog;
	struct {
		uint32_t id, insns, attach_type, member, function, pad;
		uint64_t prog;
		char name[16];
		struct g_ksym ksym;
	} aux;
	struct g_ksym trampoline;
	struct {
		uint64_t pages, reader;
	} buffer[G_CPUS];
	uint64_t buffers, buffer_list[G_CPUS];
	struct g_page page[4];
	struct g_data_page data_page[4];
	uint64_t stack[64];
	uint8_t arena[4096] __attribute__((aligned(4096)));
};

#define G_SIZE      ((sizeof(struct g_image) + 4095) & ~4095ULL)
#define GPA(member) offsetof(struct g_image, member)
#define GVA(member) (G_PAGE_OFFSET + GPA(member))

/* ---- BTF ----------------------------------------------------------------------------- */

#define G_T_OPS 3 /* struct sched_ext_ops in the kernel's BTF */
enum { T_INT = 1, T_CHAR, T_TEXT, T_U64, T_POINTER, T_KIND, T_UNION, T_STATS, T_VAR, T_BSS };

/* Types of the scheduler's BPF programs, in the order of the ids above. */
static struct btf *g_program_btf(void)
{
	struct btf *b = btf__new_empty();

	btf__add_int(b, "int", 4, BTF_INT_SIGNED);
	btf__add_int(b, "char", 1, BTF_INT_SIGNED);
	btf__add_array(b, T_INT, T_CHAR, 4);
	btf__add_int(b, "u64", 8, 0);
	btf__add_ptr(b, T_STATS);
	btf__add_enum(b, "kind", 4);
	btf__add_enum_value(b, "NONE", 0);
	btf__add_enum_value(b, "SOME", 1);
	btf__add_union(b, "", 4);
	btf__add_field(b, "text", T_TEXT, 0, 0);
	btf__add_field(b, "number", T_INT, 0, 0);
	btf__add_struct(b, "stats", 16);
	btf__add_field(b, "count", T_INT, 0, 0);
	btf__add_field(b, "flag", T_INT, 32, 3);
	btf__add_field(b, "rest", T_INT, 35, 29);
	btf__add_field(b, "", T_UNION, 64, 0);
	btf__add_field(b, "kind", T_KIND, 96, 0);
	btf__add_var(b, "stats", BTF_VAR_GLOBAL_ALLOCATED, T_STATS);
	btf__add_datasec(b, ".bss", 128);
	btf__add_datasec_var_info(b, T_VAR, 0, 16);
	return b;
}

/* ---- memory -------------------------------------------------------------------------- */

/* Of 4 levels the first is the top, which is one of the fourth level then. */
static void g_make_tables(struct g_image *g, unsigned int levels)
{
	uint64_t here = 3; /* present, writable */
	uint64_t *pml4 = g->table[levels == 5 ? G_PML4 : G_TOP];
	size_t i;

#define G_ENTRY(t) (GPA(table) + 4096 * (t) + here)
	if (levels == 5)
		g->table[G_TOP][511] = G_ENTRY(G_PML4);
	pml4[G_PAGE_OFFSET >> 39 & 511] = G_ENTRY(G_PDPT);
	pml4[G_VMALLOC >> 39 & 511] = G_ENTRY(G_PDPT);
	pml4[511] = G_ENTRY(G_PDPT);
	g->table[G_PDPT][0] = 0x80 | here; /* the direct map: one page of 1 GiB */
	g->table[G_PDPT][1] = G_ENTRY(G_PD);
	g->table[G_PDPT][510] = G_ENTRY(G_PD);
	g->table[G_PD][0] = 0x80 | here; /* the kernel: one page of 2 MiB */
	g->table[G_PD][1] = G_ENTRY(G_PT);
	for (i = 0; i < G_SIZE / 4096; i++)
		g->table[G_PT][i] = (i * 4096) | here;
	g->table[G_PT][256 + 8] = GPA(arena) | here; /* behind a guard of 8 pages */
#undef G_ENTRY
}

static void g_ring(struct g_list *l, uint64_t at)
{
	*l = (struct g_list){ at, at };
}

static void g_make_tasks(struct g_image *g)
{
	static const char *const name[] = { "swapper/0", "left", "right", "kworker/1:1",
					    "fair",      "rt",   "dl" };
	size_t i;

	for (i = 0; i < G_TASKS; i++) {
		g->task[i].pid = g->task[i].tgid = (uint32_t)(i ? 60 + i : 0);
		strcpy(g->task[i].comm, name[i]);
		g->task[i].weight = 100;
		g->task[i].slice = 20000000;
		g->task[i].runnable_at = 990;
		g->task[i].stack = GVA(exit.text);
	}
	for (i = 0; i < G_CPUS; i++) {
		struct g_cpu *c = &g->cpu[i];

		g->per_cpu_offset[i] = i * sizeof(*c);
		c->rq.nr_running = c->rq.scx_nr_running = 2;
		c->rq.clock = 9000000 + i;
		c->rq.idle = GVA(task[0]);
		c->rq.curr = GVA(task[0]) + i * sizeof(g->task[0]);
		g_ring(&c->rq.local.list, GVA(cpu[0].rq.local.list) + i * sizeof(*c));
		g_ring(&c->rq.runnable, GVA(cpu[0].rq.runnable) + i * sizeof(*c));
		c->stats[0] = 5;
		c->stats[1] = 500;
		c->value[0] = 10 + i;
		c->events[0] = 30 + i;
		c->rq.sd = GVA(domain[0]);
		c->hashed[0] = 20 + i;
	}
	g->domain[0] = (struct g_domain){ .parent = GVA(domain[1]), .lb_count = { 1, 2, 3 } };
	g->domain[1] = (struct g_domain){ .level = 1, .ttwu_wake = 4 };
	for (i = 0; i < 2; i++) {
		g->domain[i].name = GVA(task[1].comm);
		g->domain[i].flags = 2;
		g->domain[i].span = 3;
		g->flag[i].name = GVA(exit.text);
	}
	/* CPU 0 has two tasks that are runnable, and one of them in its local DSQ */
	g_ring(&g->cpu[0].rq.runnable, GVA(task[1].runnable));
	g_ring(&g->task[1].runnable, GVA(task[2].runnable));
	g_ring(&g->task[2].runnable, GVA(cpu[0].rq.runnable));
	g_ring(&g->cpu[0].rq.local.list, GVA(task[1].dsq_node));
	g_ring(&g->task[1].dsq_node, GVA(cpu[0].rq.local.list));
	g->cpu[0].rq.local.nr = 1;
}

/* A task that waits on a CPU since then. */
static void g_queue(struct g_image *g, int task, uint32_t cpu, int of, uint64_t since)
{
	struct g_task *t = &g->task[task];

	t->cpu = cpu;
	t->on_rq = 1;
	t->class = KMEM_START_KERNEL_MAP + GPA(class) + 8 * (uint64_t)of;
	t->cpus = GVA(mask);
	t->queued = since;
	t->cgroups = GVA(css);
	t->load = 2048 << 10;
	t->cfs_rq = GVA(cfs_rq);
}

/*
 * CPU 0 is idle, for 500 ns by the clock, and two tasks of sched_ext wait there; on CPU 1 one of
 * each other class does.
 */
static void g_make_waiting(struct g_image *g)
{
	struct g_rq *rq = &g->cpu[1].rq;
	size_t i;

	g->mask = 3 | 1ULL << 63; /* a CPU that the guest has not */
	g->css = GVA(cgroup);
	g->cgroup = GVA(kn);
	g->kn = GVA(kn_name);
	strcpy(g->kn_name, "workers");
	g_queue(g, G_IDLE, 0, 5, 0);
	g_queue(g, G_LEFT, 0, 4, 2000000);
	g_queue(g, G_RIGHT, 0, 4, 3000000);
	g_queue(g, G_FAIR, 1, 3, 5000000);
	g_queue(g, G_RT, 1, 2, 4000000);
	g_queue(g, G_DL, 1, 1, 6000000);
	g->task[G_RIGHT].dsq = GVA(dsq[0]);
	g->task[G_FAIR].flags = 0x00200000; /* PF_KTHREAD */
	g->task[G_RT].migration_disabled = 1;
	for (i = 0; i < G_CPUS; i++) {
		g_ring(&g->cpu[i].rq.fair, GVA(cpu[0].rq.fair) + i * sizeof(g->cpu[0]));
		g->cpu[i].tick =
			(struct g_tick){ .flags = 4, .entry = 7000, .idle = 100, .iowait = 10 };
	}
	g->cpu[1].tick.flags = 0;
	g_ring(&rq->fair, GVA(task[G_FAIR].group_node));
	g_ring(&g->task[G_FAIR].group_node, GVA(cpu[1].rq.fair));
	rq->rt_bits[0] = 1 << 2;
	g_ring(&rq->rt[2], GVA(task[G_RT].rt_node));
	g_ring(&g->task[G_RT].rt_node, GVA(cpu[1].rq.rt[2]));
	rq->dl = GVA(task[G_DL].dl_node);
	g->active = 1;
	g->tk.base = 7000;
	g->tk.nsec = 500 << 8;
	g->tk.shift = 8;
	g->scx_state = 1;
}

static void g_make_scheduler(struct g_image *g)
{
	g->hash.size = 2;
	g->hash.bucket[0] = GVA(dsq[0].hash_node);
	g->hash.bucket[1] = GVA(dsq[1].hash_node) | 1; /* locked */
	g->dsq[0] = (struct g_dsq){ .hash_node = 1, .id = 7, .nr = 1 };
	g->dsq[1] = (struct g_dsq){ .hash_node = 1, .id = 8 };
	g_ring(&g->dsq[0].list, GVA(task[3].dsq_node));
	g_ring(&g->task[3].dsq_node, GVA(dsq[0].list));
	g_ring(&g->dsq[1].list, GVA(dsq[1].list));
	g->sched.pcpu = GVA(cpu[0]);
	g->dsq_hash = g->sched.dsq_hash = GVA(hash);
	g->exit_info = g->sched.exit_info = GVA(exit);
	strcpy(g->ops_name, "guest");
	strcpy(g->sched.name, "newer");
	g->exit.kind = 1024;
	strcpy(g->exit.text, "out of luck");
	strcpy(g->exit.message, "ops.enqueue() left[61] failed to run for 2.080s");
	strcpy(g->exit.log, "CPU 1   : nr_run=1\n *R left[61] -2080ms\n  dsq_id=0x7\n"
			    " *R right[62] -80ms\n  dsq_id=(n/a)\n");
	g->exit.reason = GVA(exit.text);
	g->exit.msg = GVA(exit.message);
	g->exit.dump = GVA(exit.log);
	g->exit.bt = GVA(exit.trace);
	g->exit.bt_len = 2;
	g->exit.trace[0] = G_TEXT + 0x10;
	g->exit.trace[1] = G_BPF_TEXT + 0x12; /* in the BPF program */
	g->ops[1] = g->sched.ops[1] = G_BPF_TEXT;
	g_ring(&g->bpf_ksyms, GVA(trampoline.link));
	g_ring(&g->trampoline.link, GVA(aux.ksym.link));
	g_ring(&g->aux.ksym.link, GVA(bpf_ksyms));
}

static void g_map(struct g_image *g, int i, const char *name, uint32_t type, uint32_t value_type)
{
	g->map[i] = (struct g_map){ .type = type,
				    .key_size = 4,
				    .value_size = 16,
				    .max_entries = 2,
				    .id = 10 + (uint32_t)i,
				    .elem_size = 16,
				    .btf = GVA(btf),
				    .key_type = T_INT,
				    .value_type = value_type,
				    .buckets = GVA(buckets),
				    .n_buckets = 2 };
	strcpy(g->map[i].name, name);
	g->node[0][i] = GVA(map[0]) + (uint64_t)i * sizeof(g->map[0]);
}

static void g_make_maps(struct g_image *g)
{
	int i;

	g_map(g, G_ARRAY, "array", BPF_MAP_TYPE_ARRAY, T_STATS);
	g_map(g, G_BSS, "guest.bss", BPF_MAP_TYPE_ARRAY, T_BSS);
	g_map(g, G_PERCPU_ARRAY, "percpu", BPF_MAP_TYPE_PERCPU_ARRAY, T_STATS);
	g_map(g, G_HASH, "hash", BPF_MAP_TYPE_LRU_HASH, T_STATS);
	g_map(g, G_PERCPU_HASH, "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, T_STATS);
	g_map(g, G_STORAGE, "storage", BPF_MAP_TYPE_TASK_STORAGE, T_STATS);
	g_map(g, G_ARENA, "arena", BPF_MAP_TYPE_ARENA, 0);
	g_map(g, G_QUEUE, "queue", BPF_MAP_TYPE_QUEUE, 0);
	for (i = 0; i < G_MAPS; i++) {
		g->map[i].value[0] = 3 | 5ULL << 32; /* count 3, flag 5 - 8 */
		g->map[i].value[1] = 0x100006968ULL; /* "hi", SOME */
	}
	g->map[G_BSS].max_entries = 1;
	g->map[G_BSS].value_size = 128;
	g->map[G_PERCPU_ARRAY].max_entries = 1;
	g->map[G_PERCPU_ARRAY].value[0] = GVA(cpu[0].value);
	/* two hash tables of a bucket each with two elements, and one that is empty */
	g->buckets[0] = GVA(elem[0]);
	g->buckets[1] = 1;
	g->elem[0] = (struct g_elem){ .next = GVA(elem[1]), .key = 1, .value = { 11, 0 } };
	g->elem[1] = (struct g_elem){ .next = 3, .key = 2, .value = { 12, 0 } };
	g->map[G_PERCPU_HASH].buckets = GVA(buckets[1]);
	g->buckets[2] = GVA(elem[2]);
	g->elem[2] = (struct g_elem){ .next = 1, .key = 3, .value = { GVA(cpu[0].hashed), 0 } };
	g->map[G_STORAGE].buckets = GVA(buckets[3]);
	g->buckets[3] = GVA(selem[0]);
	g->selem[0] = (struct g_selem){ GVA(selem[1]), 0, GVA(owner), { 31, 0 } };
	g->selem[1] = (struct g_selem){ 0, 0, GVA(owner), { 32, 0 } };
	g->owner[0] = GVA(task[1]);
	g->map[G_ARENA].vm = GVA(owner[1]);
	g->owner[1] = G_VMALLOC + 256 * 4096;
	g->map[G_ARENA].user_start = 0x100000000ULL;
	g->map[G_ARENA].user_end = 0x100002000ULL;
	strcpy((char *)g->arena, "arena");
	g->map_idr = GVA(node[0]) + 2;
	g->next_map = 20;
	g->prog_idr = GVA(prog); /* a single entry needs no node */
}

static void g_make_programs(struct g_image *g)
{
	struct btf *b = g_program_btf();
	const void *data;
	uint32_t size;

	data = btf__raw_data(b, &size);
	if (size > sizeof(g->btf_data))
		abort();
	memcpy(g->btf_data, data, size);
	btf__free(b);
	g->btf.data = GVA(btf_data);
	g->btf.size = size;
	g->btf.id = 4;
	g->prog.aux = GVA(aux);
	g->prog.stats = GVA(cpu[0].stats);
	g->prog.type = BPF_PROG_TYPE_STRUCT_OPS;
	g->aux.prog = GVA(prog);
	g->aux.attach_type = G_T_OPS;
	g->aux.member = 1;
	g->aux.id = 9;
	g->aux.insns = 99;
	strcpy(g->aux.name, "a_guest_enqueue");
	g->aux.ksym.start = G_BPF_TEXT;
	g->aux.ksym.end = G_BPF_TEXT + 0x100;
	g->aux.ksym.is_prog = 1;
	strcpy(g->aux.ksym.name, "bpf_prog_0123456789abcdef_a_guest_enqueue");
}

/* Ring buffer pages, with an event of each form: CPU 0 has two and a reader's, CPU 1 has one. */
static void g_make_flight(struct g_image *g)
{
	uint32_t *d = g->data_page[0].data;
	size_t i;

	g->switch_event = G_EVENT_ID;
	g->trace_buffer = GVA(buffers);
	g->buffers = GVA(buffer_list);
	for (i = 0; i < 4; i++)
		g->page[i].data = GVA(data_page[0]) + i * sizeof(g->data_page[0]);
	g_ring(&g->page[0].list, GVA(page[1].list) | 1);
	g_ring(&g->page[1].list, GVA(page[0].list));
	g_ring(&g->page[2].list, GVA(page[2].list));
	for (i = 0; i < G_CPUS; i++) {
		g->buffer_list[i] = GVA(buffer[0]) + i * sizeof(g->buffer[0]);
		g->buffer[i].pages = GVA(page[0].list) + 2 * i * sizeof(g->page[0]);
	}
	g->buffer[0].reader = GVA(page[3]);
	*d++ = 4 | 100 << 5; /* 16 bytes, 100 ns later */
	*d++ = G_EVENT_ID;
	*d++ = 0;
	*d++ = 61; /* next_pid */
	*d++ = 0;
	*d++ = 30 | 1 << 5; /* a longer time passes */
	*d++ = 1;
	*d++ = 0 | 7 << 5; /* the length is a word of its own */
	*d++ = 20;
	*d++ = G_EVENT_ID;
	*d++ = 0;
	*d++ = 62;
	*d++ = 0;
	*d++ = 31 | 5 << 5; /* the time, all of it */
	*d++ = 2;
	*d++ = 29 | 1 << 5; /* what was discarded */
	*d++ = 4;
	*d++ = 29;
	g->data_page[0].time = 1000;
	g->data_page[0].commit = (uint64_t)((uint8_t *)d - (uint8_t *)g->data_page[0].data);
	for (i = 1; i < 4; i++) {
		g->data_page[i] = g->data_page[0];
		g->data_page[i].time = 1000 + i * 1000;
	}
}

/* A stack that goes through functions of each kind; CPU 0 stands in the first. */
static void g_make_stack(struct g_image *g)
{
#define G_IN(i) (G_TEXT + (i)*G_FUNCTION + 0x20)
	g->stack[0] = GVA(stack[9]); /* bp, as by_sp saved it */
	g->stack[1] = G_IN(1);       /* by_bp called by_sp */
	g->stack[9] = GVA(stack[20]);
	g->stack[10] = G_IN(8); /* an interrupt called by_bp: pt_regs follow */
	g->stack[11 + 4] = GVA(stack[40]);
	g->stack[11 + 16] = G_IN(2);
	g->stack[11 + 19] = GVA(stack[36]);
	g->stack[36] = GVA(stack[38]);
	g->stack[38] = G_IN(3);
	g->stack[40] = GVA(stack[44]);
	g->stack[43] = G_IN(9);
	g->stack[44] = G_IN(10);
	g->stack[44 + 3] = GVA(stack[50]);
#undef G_IN
}

static void guest_image_init(struct g_image *g, unsigned int levels)
{
	memset(g, 0, sizeof(*g));
	g_make_tables(g, levels);
	g->l5 = levels == 5;
	strcpy(g->banner, G_BANNER);
	g->page_offset_base = G_PAGE_OFFSET;
	g->nr_cpus = G_CPUS;
	g->jiffies = 1000;
	g->number = 42;
	g_make_tasks(g);
	g_make_waiting(g);
	g_make_scheduler(g);
	g_make_maps(g);
	g_make_programs(g);
	g_make_flight(g);
	g_make_stack(g);
}

#endif
