// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/ksym.c kt-vm/kallsyms.c kt-vm/kmem.c kt-vm/kbtf.c kt-vm/kval.c kt-vm/kidr.c
// LINK: kt-vm/kbpf.c kt-vm/kbpf_find.c kt-vm/kbpf_prog.c kt-vm/kset.c kt-vm/kdomain.c
// LINK: kt-vm/kscx.c kt-vm/kblame.c kt-vm/kdump.c kt-vm/kunwind.c kt-vm/kflight.c
// LINK: kt-vm/kprobe.c kt-vm/obs.c kt-vm/kname.c kt-vm/monitor.c kt-vm/live.c kt-vm/snapshot.c
// LINK: kt-vm/watch.c kt-vm/kpath.c kt-vm/jtext.c kt-vm/gmem.c
/*
 * A guest that lies: all of its memory is the input's. A vmlinux of a few symbols is made once;
 * where members are is made up, since any place is as good as another in such a memory. Words of
 * the input that begin with 0xff become pointers into it, so that walks lead somewhere.
 */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kt-vm/kbpf.h"
#include "kt-vm/kdomain.h"
#include "kt-vm/kflight.h"
#include "kt-vm/kscx.h"
#include "kt-vm/kunwind.h"
#include "kt-vm/obs.h"

#define MEMORY      (32u << 10)
#define PAGE_OFFSET 0xffff888000000000ULL
#define CPUS        4

static const char *const symbols[] = { "__per_cpu_offset", "scx_root",     "sd_flag_debug",
				       "map_idr",          "prog_idr",     "jiffies_64",
				       "global_trace",     "bpf_kallsyms", "event_sched_switch" };
#define SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static struct obs o;
static struct machine machine;
static uint8_t memory[MEMORY] __attribute__((aligned(4096)));
static char null_text[1 << 20];

/* An ELF file of a symbol table: symbol i is at 0x100 * (i + 1) of the memory. */
static void make_vmlinux(void)
{
	static struct {
		Elf64_Ehdr h;
		Elf64_Shdr sh[4];
		Elf64_Sym sym[SYMBOLS + 1];
		char str[512], names[32];
	} f;
	struct errbuf e;
	size_t i, at = 1;

	memcpy(f.names, "\0.symtab\0.strtab\0.shstrtab", 27);
	memcpy(f.h.e_ident, ELFMAG "\2\1\1", 7);
	f.h.e_type = ET_EXEC;
	f.h.e_machine = EM_X86_64;
	f.h.e_version = 1;
	f.h.e_shoff = (uint64_t)((char *)f.sh - (char *)&f);
	f.h.e_ehsize = sizeof(f.h);
	f.h.e_shentsize = sizeof(f.sh[0]);
	f.h.e_shnum = 4;
	f.h.e_shstrndx = 3;
	f.sh[1] = (Elf64_Shdr){ .sh_name = 1,
				.sh_type = SHT_SYMTAB,
				.sh_link = 2,
				.sh_offset = (uint64_t)((char *)f.sym - (char *)&f),
				.sh_size = sizeof(f.sym),
				.sh_entsize = sizeof(f.sym[0]) };
	f.sh[2] = (Elf64_Shdr){ .sh_name = 9,
				.sh_type = SHT_STRTAB,
				.sh_offset = (uint64_t)(f.str - (char *)&f),
				.sh_size = sizeof(f.str) };
	f.sh[3] = (Elf64_Shdr){ .sh_name = 17,
				.sh_type = SHT_STRTAB,
				.sh_offset = (uint64_t)(f.names - (char *)&f),
				.sh_size = sizeof(f.names) };
	for (i = 0; i < SYMBOLS; i++) {
		f.sym[i + 1] = (Elf64_Sym){ .st_name = (uint32_t)at,
					    .st_info = STT_OBJECT,
					    .st_shndx = SHN_ABS,
					    .st_value = KMEM_START_KERNEL_MAP + 0x100 * (i + 1),
					    .st_size = 64 };
		at += (size_t)sprintf(f.str + at, "%s", symbols[i]) + 1;
	}
	o.sym.map = &f;
	o.sym.len = sizeof(f);
	if (ksym_load(&o.sym, &e)) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
}

static int some_regs(void *self, unsigned int cpu, struct engine_regs *r, struct errbuf *e)
{
	uint64_t *w = (uint64_t *)memory;
	unsigned int i;

	(void)self;
	(void)e;
	memset(r, 0, sizeof(*r));
	r->rip = w[cpu];
	r->rsp = w[8 + cpu];
	for (i = 0; i < 16; i++)
		r->gpr[i] = w[16 + i];
	return 0;
}

static int no_thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	(void)cpu;
	(void)e;
	t->run_ns = t->wait_ns = 1;
	return 0;
}

static int nothing(void *self, uint64_t *took, struct errbuf *e)
{
	(void)self;
	(void)e;
	*took = 0;
	return 0;
}

static const struct engine_control control = {
	.pause = nothing, .resume = nothing, .regs = some_regs, .thread = no_thread
};
static const struct engine_ops engine = { .name = "none", .control = &control };

static void make_set(struct kset *s, unsigned int items, uint32_t size)
{
	for (s->n = 0; s->n < 8; s->n++, s->end += items * size)
		s->c[s->n] = (struct kcounter){
			.name = "counter", .offset = s->end, .size = size, .items = items
		};
}

static void init(void)
{
	static struct rec_out out;
	int i;

	out.f = fmemopen(null_text, sizeof(null_text), "w");
	make_vmlinux();
	machine.cpus = CPUS;
	machine.mem = (struct gmem){ .fd = -1, .size = MEMORY, .hva = memory };
	o.m = &machine;
	o.engine = &engine;
	o.out = &out;
	o.btf = btf__new_empty();
	o.rq = calloc(CPUS, sizeof(*o.rq));
	o.sd = calloc(CPUS, sizeof(*o.sd));
	kmem_init(&o.mem, &machine.mem, &o.sym);
	o.mem.page_offset = PAGE_OFFSET;
	o.mem.levels = 4;
	o.mem.cpus = CPUS;
	o.mem.attached = o.attached = true;
	/* symbols are read where the image is: link addresses are GPAs here */
	o.mem.virt_slide = PAGE_OFFSET - KMEM_START_KERNEL_MAP;
	for (i = 0; i < KP_COUNT; i++)
		o.probe.f[i] = (struct kfield){ .known = true,
						.offset = 8u * (uint32_t)(i % 24),
						.size = 8 };
	make_set(&o.events, 1, 8);
	make_set(&o.balance, 3, 4);
	o.runqueues = PAGE_OFFSET;
	o.probe.f[KP_SD_FLAG].size = 16;
	o.probe.f[KP_NODE_SLOTS].size = 64 * 8;
	o.probe.f[KP_TASK_COMM].size = 16;
	o.probe.f[KP_BUCKET].size = o.probe.f[KP_SMAP_BUCKET].size = 16;
}

/* One part at a time: an input costs what that part costs. */
static void look(unsigned int part)
{
	unsigned int cpu = part & 3;
	uint64_t pc[KUNWIND_MAX];
	struct engine_regs r;
	struct kbpf_value v;
	struct errbuf e;

	switch (part) {
	case 0:
		monitor_sample(&o, 1);
		break;
	case 1:
		json_object_put(kbpf_maps(&o));
		break;
	case 2:
		json_object_put(kbpf_progs_json(&o));
		kdomain_watch(&o, 1);
		json_object_put(kdomain_cpu(&o, cpu));
		break;
	case 3:
		json_object_put(kscx_exit(&o));
		kscx_exit_kind(&o);
		break;
	case 4:
		json_object_put(kscx_queues(&o));
		break;
	case 5:
		json_object_put(kscx_local(&o, cpu));
		json_object_put(kscx_runnable(&o, cpu));
		break;
	case 6:
		json_object_put(kflight_events(&o));
		break;
	case 7:
		kbpf_find(&o, "a.b", &v, &e);
		some_regs(NULL, 0, &r, &e);
		kunwind(&o, &r, pc, KUNWIND_MAX);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	size_t i, words = size / 8 < 512 ? size / 8 : 512;
	uint64_t *w = (uint64_t *)memory;

	if (!ready)
		init();
	ready = true;
	if (!words)
		return 0;
	for (i = 0; i < MEMORY / 8; i++) {
		memcpy(&w[i], data + i % words * 8, 8);
		if (w[i] >> 56 == 0xff)
			w[i] = PAGE_OFFSET + (w[i] & (MEMORY - 1));
	}
	for (i = 0; i < CPUS; i++)
		o.rq[i] = PAGE_OFFSET + 0x1000 * (i + 1);
	rewind(o.out->f);
	look(data[0] % 8);
	return 0;
}
