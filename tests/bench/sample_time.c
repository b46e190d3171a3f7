// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/ksym.c kt-vm/kallsyms.c kt-vm/kmem.c kt-vm/kbtf.c kt-vm/kval.c kt-vm/kidr.c
// LINK: kt-vm/kbpf.c kt-vm/kbpf_find.c kt-vm/kbpf_prog.c kt-vm/kset.c kt-vm/kdomain.c
// LINK: kt-vm/kscx.c kt-vm/kblame.c kt-vm/kcaller.c kt-vm/kdump.c kt-vm/kunwind.c kt-vm/kflight.c
// LINK: kt-vm/kprobe.c kt-vm/obs.c kt-vm/kname.c kt-vm/monitor.c kt-vm/live.c kt-vm/snapshot.c
// LINK: kt-vm/ktask.c kt-vm/kclock.c kt-vm/kidle.c kt-vm/kwait.c kt-vm/steal.c
// LINK: kt-vm/watch.c kt-vm/kpath.c kt-vm/jtext.c kt-vm/gmem.c kt-vm/korc.c kt-vm/kexcerpt.c
/*
 * usage: sample_time VMLINUX CPUS
 * What a sample costs, in microseconds of CPU time: the kernel's own struct layouts, and a
 * memory in which the runqueues, the current tasks and three scheduling domains of so many CPUs,
 * and the counts of a dozen BPF programs on them, lie as far apart as in a guest (the sample
 * reads the same places; most of what it finds there are zeros).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "obs.h"

#define PAGE_OFFSET 0xffff888000000000ULL
#define IMAGE       (128u << 20)
#define APART       (256u << 10) /* two CPUs' per-CPU areas */
#define SAMPLES     2000
#define DOMAINS     3
#define PROGS       12

static int thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	(void)cpu;
	(void)e;
	t->run_ns = t->wait_ns = 1;
	return 0;
}

static const struct engine_control control = { .thread = thread };
static const struct engine_ops engine = { .name = "none", .control = &control };

static struct machine m;
static struct obs o;

static void put(uint64_t object, enum kprobe probe, uint64_t v)
{
	const struct kfield *f = &o.probe.f[probe];

	kmem_write(&o.mem, object + f->offset, &v, f->size);
}

/* A CPU's runqueue, its current task, and a chain of domains. */
static void make_cpu(unsigned int cpu)
{
	uint64_t task, sd;
	int i;

	o.rq[cpu] = PAGE_OFFSET + IMAGE + (uint64_t)cpu * APART;
	task = o.rq[cpu] + APART / 2;
	sd = task + APART / 8;
	put(o.rq[cpu], KP_RQ_CURR, task);
	put(o.rq[cpu], KP_RQ_SD, sd);
	for (i = 0; i < DOMAINS; i++, sd += 4096) {
		put(sd, KP_SD_LEVEL, (uint64_t)i);
		put(sd, KP_SD_PARENT, i + 1 < DOMAINS ? sd + 4096 : 0);
	}
}

/* Programs that each CPU has run: a node of the tree that finds them by their numbers. */
static void make_progs(void)
{
	uint64_t node = PAGE_OFFSET + (1u << 20), prog = node + 4096,
		 stats = o.runqueues + APART / 4;
	unsigned int cpu, i;

	put(kmem_symbol(&o.mem, KS_PROG_IDR), KP_IDR_HEAD, node | 2);
	for (i = 0; i < PROGS; i++, prog += 4096, stats += 64) {
		kmem_write(&o.mem, node + o.probe.f[KP_NODE_SLOTS].offset + 8ULL * i, &prog, 8);
		put(prog, KP_PROG_AUX, prog + 1024);
		put(prog, KP_PROG_STATS, stats);
		for (cpu = 0; cpu < m.cpus; cpu++)
			put(obs_percpu(&o, stats, cpu), KP_STATS_CNT, 1);
	}
}

/* The kernel's image is at the beginning of the memory, mapped by one page of a gigabyte. */
static void make_kernel(void)
{
	uint64_t pud = 4096 | 1, page = 1 << 7 | 1;
	unsigned int cpu;

	gmem_write(&m.mem, 8 * 511, &pud, sizeof(pud));
	gmem_write(&m.mem, 4096 + 8 * 510, &page, sizeof(page));
	o.mem.page_offset = PAGE_OFFSET;
	o.mem.levels = 4;
	o.mem.cpus = m.cpus;
	o.runqueues = PAGE_OFFSET + IMAGE;
	for (cpu = 0; cpu < m.cpus; cpu++)
		make_cpu(cpu);
	make_progs();
}

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	struct rec_out out = { .f = fopen("/dev/null", "w") };
	struct errbuf e = { "" };
	double since;
	unsigned int i;

	m.cpus = argc == 3 ? (unsigned int)atoi(argv[2]) : 0;
	if (!m.cpus || m.cpus > TOPO_MAX_CPUS || !out.f ||
	    gmem_init_private(&m.mem, IMAGE + (uint64_t)m.cpus * APART, &e) ||
	    obs_open(&o, argv[1], &m, 1, &out, &e) || ksym_load(&o.sym, &e) || obs_types(&o, &e) ||
	    obs_learn(&o, &e)) {
		fprintf(stderr, "usage: sample_time VMLINUX CPUS: %s\n", e.text);
		return 64;
	}
	obs_start(&o, &engine, NULL);
	o.rq = calloc(m.cpus, sizeof(*o.rq));
	kmem_init(&o.mem, &m.mem, &o.sym);
	kprobe_all(o.types, &o.sym, &o.probe, json_object_new_array());
	make_kernel();
	monitor_sample(&o, 1);
	since = cpu_us();
	for (i = 0; i < SAMPLES; i++)
		monitor_sample(&o, i);
	printf("%.1f\n", (cpu_us() - since) / SAMPLES);
	return 0;
}
