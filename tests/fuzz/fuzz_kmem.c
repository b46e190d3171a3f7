// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/*.c kt-vm/kernel/objects/*.c kt-vm/observe/*.c kt-vm/machine/gmem.c
// LINK: kt-vm/engine/control.c
/*
 * A guest that lies: the memory of one that does not (guest_image.h), changed in some places.
 * The input is a byte that says what is looked at, one that says how, how many changes there
 * are, the changes, and a text for where names are asked for. What comes out must be records
 * that a reader takes.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "kt-vm/kernel/objects/bpf.h"
#include "kt-vm/kernel/objects/bpf_prog.h"
#include "kt-vm/kernel/objects/domain.h"
#include "kt-vm/kernel/objects/flight.h"
#include "kt-vm/kernel/objects/name.h"
#include "kt-vm/kernel/objects/scx.h"
#include "kt-vm/kernel/unwind.h"
#include "kt-vm/observe/live.h"
#include "kt-vm/observe/monitor.h"
#include "kt-vm/observe/obs.h"
#include "kt-vm/kernel/objects/symbolize.h"
#include "kt-vm/observe/snapshot.h"
#include "kt-vm/observe/watchpoint.h"
#include "tests/unit/kt-vm/guest_kernel.h"

/* What the honest image costs, and some more: what is longer is a loop. */
#define WORK          400
#define MAPS_WORK     500
#define SNAPSHOT_WORK 1200

enum {
	FIVE_LEVELS = 1,
	NEWER = 2,
	SMALL_WORK = 4,
	GONE = 8,
	BY_VMALLOC = 16,
	CHECKED = 32,
	ARENA = 64
};

struct change {
	uint16_t where; /* a word of 8 bytes */
	uint8_t how, arg;
	uint64_t value;
} __attribute__((packed));

static struct g_image honest[2], memory __attribute__((aligned(4096)));
static struct machine machine;
static struct obs o;
static struct rec_out out;
static struct kprobes probes[2];
static char text[256];    /* of the input */
static unsigned int hits; /* of watchpoints, still to be told */
static bool gone;
static uint64_t polls;   /* of threads */
static int nowhere = -1; /* where answers to requests go */

/* ---- an engine ----------------------------------------------------------------------- */

static int some_regs(void *self, unsigned int cpu, struct vcpu_regs *r, struct errbuf *e)
{
	unsigned int i;

	(void)self;
	if (cpu)
		return errbuf_set(e, -1, "no registers");
	memset(r, 0, sizeof(*r));
	r->rip = memory.stack[61] ? memory.stack[61] : G_TEXT + 0x20;
	r->rsp = memory.stack[62] ? memory.stack[62] : GVA(stack);
	for (i = 0; i < 16; i++)
		r->gpr[i] = memory.stack[48 + i % 8] ? memory.stack[48 + i % 8] : GVA(stack[8]);
	return 0;
}

static int some_thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	(void)cpu;
	t->run_ns = t->wait_ns = polls++ * memory.jiffies;
	return gone ? errbuf_set(e, -1, "no thread") : 0;
}

static int stand(void *self, uint64_t *took, struct errbuf *e)
{
	(void)self;
	*took = 0;
	return gone ? errbuf_set(e, -3 /* ESRCH */, "gone") : 0;
}

static int some_watch(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e)
{
	(void)self;
	return engine_check_watch(w, n, e);
}

static bool some_hit(void *self, struct engine_hit *h)
{
	(void)self;
	if (!hits)
		return false;
	*h = (struct engine_hit){ .cpu = 0, .watch = --hits & 3 };
	return true;
}

static const struct engine_control control = { .pause = stand,
					       .resume = stand,
					       .regs = some_regs,
					       .thread = some_thread,
					       .watch = some_watch,
					       .hit = some_hit };
static const struct engine_ops engine = { .name = "none", .control = &control };

/* ---- what is looked at --------------------------------------------------------------- */

static void put(const char *key, struct json_object *v)
{
	struct json_object *r = rec_new("part");

	rec_add(r, key, v);
	rec_put(&out, r);
}

static void put_request(const char *kind)
{
	struct json_object *op = rec_new("op");

	rec_str(op, "op", kind);
	rec_str(op, "what", text);
	rec_str(op, "name", text);
	rec_int(op, "value", memory.number);
	rec_int(op, "hits", 1 + (memory.number & 1));
	if (memory.number & 8)
		rec_int(op, "step", 1);
	if (memory.number & 2)
		rec_int(op, "equals", 42);
	obs_request(&o, op, nowhere, 1);
	rec_put(&out, op);
}

static void look_live(void)
{
	struct json_object *test = rec_new("test"), *names = json_object_new_array();

	json_object_array_add(names, json_object_new_string(text));
	json_object_array_add(names, json_object_new_string("stats.count"));
	json_object_array_add(names, json_object_new_string("percpu[0].count"));
	rec_add(test, "watch_fields", names);
	rec_int(test, "num_snapshots", 2);
	obs_plan(&o, test);
	monitor_sample(&o, 1);
	memory.map[G_ARRAY].id++;
	monitor_sample(&o, 2);
	live_free(&o);
	json_object_put(test);
}

/* Time passes: the scheduler's end comes into sight and is over; periodic snapshots. */
static void look_in_time(void)
{
	uint32_t kind = memory.exit.kind;

	o.k.work_max = 20; /* there are many snapshots to take */
	o.period_ns = 100;
	o.next_ns = 0;
	o.wanted = 1;
	o.workload_ns = 100;
	obs_workload(&o, 1);
	obs_tick(&o, 50000000);
	memory.exit.kind = 0;
	memory.exit_kind_early = 0;
	obs_tick(&o, 100000000);
	memory.exit.kind = kind;
	obs_end(&o, "panic", 100000001);
}

static void look_attach(void)
{
	struct errbuf e;

	o.attached = o.k.mem.attached = false;
	o.period_ns = 100;
	obs_attach(&o, 1, &e);
	if (o.attached)
		monitor_sample(&o, 1);
}

static void look_watch(void)
{
	if (memory.number & 4)
		watch_exit(&o); /* the first one is the observer's then */
	put_request("watch");
	hits = 3;
	obs_hit(&o, 1);
	obs_hit(&o, 1000000000);
	memory.map[G_BSS].id++; /* the watched variable is gone */
	obs_tick(&o, 2000000000);
	obs_step_ended(&o);
}

static void look_unwind(void)
{
	struct json_object *stack = json_object_new_array();
	uint64_t pc[KUNWIND_MAX];
	struct vcpu_regs r;
	struct errbuf e;
	size_t i, n;

	some_regs(NULL, 0, &r, &e);
	n = kunwind(&o.k, &r, pc, KUNWIND_MAX);
	for (i = 0; i < n; i++)
		json_object_array_add(stack, ksymbolize(&o.k, pc[i]));
	put("stack", stack);
}

static void look_pages(void)
{
	char buf[64];
	uint64_t v;

	kmem_read(&o.k.mem, G_VMALLOC + memory.number, buf, sizeof(buf));
	kmem_number(&o.k.mem, memory.phys_base, 8, &v);
	kmem_number(&o.k.mem, memory.phys_base, memory.number % 12, &v);
	kmem_string(&o.k.mem, memory.jiffies, buf, sizeof(buf));
	kmem_write(&o.k.mem, memory.page_offset_base, buf, memory.number % sizeof(buf));
}

static void allow(uint64_t work)
{
	if (o.k.work_max == WORK) /* no less was asked for */
		o.k.work_max = work;
	kview_begin(&o.k);
}

static void look(unsigned int part)
{
	struct errbuf e;

	switch (part % 16) {
	case 0:
		monitor_sample(&o, 1);
		memory.cpu[0].rq.nr_switches ^= memory.number & 1;
		monitor_sample(&o, 100000000);
		break;
	case 1:
		allow(MAPS_WORK);
		put("maps", kbpf_maps(&o.k));
		break;
	case 2:
		put("progs", kbpf_progs_json(&o.k));
		kdomain_watch(&o.k, 1, &out);
		put("balance", kdomain_cpu(&o.k, 0));
		break;
	case 3:
		put("exit", kscx_exit(&o.k, &o.end));
		break;
	case 4:
		put("queues", kscx_queues(&o.k));
		break;
	case 5:
		put("local", kscx_local(&o.k, 0));
		put("runnable", kscx_runnable(&o.k, 0));
		break;
	case 6:
		put("flight", kflight_events(&o.k));
		break;
	case 7:
		look_unwind();
		break;
	case 8:
		look_live();
		break;
	case 9:
		allow(SNAPSHOT_WORK);
		snapshot_take(&o, text, SNAPSHOT_FAILURE, 1, &e);
		break;
	case 10:
		put_request("read");
		break;
	case 11:
		put_request("write_value");
		break;
	case 12:
		look_watch();
		break;
	case 13:
		look_in_time();
		break;
	case 14:
		look_attach();
		break;
	case 15:
		look_pages();
		break;
	}
}

/* ---- the input ----------------------------------------------------------------------- */

static uint64_t change_word(uint64_t w, const struct change *c)
{
	const uint64_t *all = (const uint64_t *)&memory;
	unsigned int shift = 8U * (c->arg & 7);

	switch (c->how % 6) {
	case 0:
		return c->value;
	case 1: /* a pointer to somewhere */
		return G_PAGE_OFFSET + c->value % G_SIZE;
	case 2: /* what another place has: loops, types that are mixed up */
		return all[c->value % (sizeof(memory) / 8)];
	case 3:
		return (w & ~(0xffULL << shift)) | (c->value & 0xff) << shift;
	case 4:
		shift &= 32;
		return (w & ~(0xffffffffULL << shift)) | (c->value & 0xffffffff) << shift;
	default:
		return w + (uint64_t)(int64_t)(int8_t)c->arg;
	}
}

static void change_memory(const uint8_t *data, size_t n)
{
	uint64_t *all = (uint64_t *)&memory;
	struct change c;

	for (; n--; data += sizeof(c)) {
		memcpy(&c, data, sizeof(c));
		all[c.where % (sizeof(memory) / 8)] =
			change_word(all[c.where % (sizeof(memory) / 8)], &c);
	}
}

static void reset(uint8_t how)
{
	while (o.k.nbtfs)
		btf__free(o.k.btfs[--o.k.nbtfs].btf);
	json_object_put(o.exit);
	o.exit = NULL;
	o.failed = o.off = false;
	o.attached = o.k.mem.attached = true;
	o.taken = o.wanted = o.nwatches = hits = 0;
	memset(o.k.sd, 0, G_CPUS * sizeof(*o.k.sd));
	memset(o.idle, 0, G_CPUS * sizeof(*o.idle));
	o.sched_clock = o.mono = (struct kclock){ 0 };
	steal_free(&o.steal);
	if (steal_init(&o.steal, G_CPUS))
		abort();
	polls = o.stands = 0;
	o.stood_ns = 0;
	o.exit_place = 0;
	o.samples = o.poll_ns = o.workload_since = o.next_map = 0;
	o.next_ns = UINT64_MAX;
	o.k.probe = probes[how & NEWER ? 1 : 0];
	o.k.mem.page_offset = G_PAGE_OFFSET;
	o.k.mem.virt_slide = o.k.mem.phys_slide = 0;
	o.k.mem.cpus = G_CPUS;
	o.k.mem.levels = how & FIVE_LEVELS ? 5 : 4;
	o.k.mem.root = GPA(table);
	/* pointers are into the direct map: when that is thought elsewhere, all go by page tables
	 */
	if (how & BY_VMALLOC)
		o.k.mem.page_offset = 0xffffa00000000000ULL;
	o.k.work_max = how & SMALL_WORK ? 100 : WORK;
	gone = how & GONE;
	memory = honest[how & FIVE_LEVELS ? 1 : 0];
	memory.root = how & NEWER ? GVA(sched) : 0;
	if (!(how & ARENA)) /* it has more bytes than all else */
		memory.node[0][G_ARENA] = 0;
	rewind(out.f);
}

/* As a reader of records would, who ends at the first that is none. */
static void check_output(char *buf, size_t size)
{
	struct rec_in in;
	struct errbuf e;
	FILE *f;
	int rc = 1;

	if (!size)
		return;
	f = fmemopen(buf, size, "r");
	rec_in_init(&in, f);
	while (rc == 1)
		rc = rec_next(&in, &e);
	if (rc) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	rec_in_free(&in);
	fclose(f);
}

/* Most of the time goes into keeping what was freed, and from where. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "malloc_context_size=0:quarantine_size_mb=1:"
	       "thread_local_quarantine_size_kb=16";
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static char *records;
static size_t records_len;

static void init(void)
{
	libbpf_set_print(silent);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	guest_image_init(&honest[0], 4);
	guest_image_init(&honest[1], 5);
	out.f = open_memstream(&records, &records_len);
	guest_observer(&o, &machine, (uint8_t *)&memory, 4);
	guest_probes(&probes[0], false);
	guest_probes(&probes[1], true);
	o.out = &out;
	o.engine = &engine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	size_t n, len;

	if (!ready)
		init();
	ready = true;
	if (size < 3)
		return 0;
	reset(data[1]);
	n = data[2];
	if (n > (size - 3) / sizeof(struct change))
		n = (size - 3) / sizeof(struct change);
	change_memory(data + 3, n);
	len = size - 3 - n * sizeof(struct change);
	len = len < sizeof(text) - 1 ? len : sizeof(text) - 1;
	memcpy(text, data + 3 + n * sizeof(struct change), len);
	text[len] = '\0';
	kview_begin(&o.k);
	look(data[0]);
	fflush(out.f);
	if (data[1] & CHECKED) /* takes as long as all else */
		check_output(records, (size_t)ftello(out.f));
	return 0;
}
