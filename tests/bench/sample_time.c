// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/kernel/*.c kt-vm/kernel/objects/*.c kt-vm/observe/*.c kt-vm/machine/gmem.c
// LINK: kt-vm/engine/control.c
/*
 * usage: sample_time VMLINUX CPUS [TASKS]
 * What a sample costs, in microseconds of CPU time: the kernel's own struct layouts, and a
 * memory in which the runqueues, the current tasks and three scheduling domains of so many CPUs,
 * the counts of a dozen BPF programs on them, and so many tasks that wait on them in turn, lie as
 * far apart as in a guest (the sample reads the same places; most of what it finds there are
 * zeros). Behind it, what a look at the vCPUs' threads costs between two samples: here each is
 * this thread. And the bytes of a sample.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kt-vm/observe/monitor.h"
#include "kt-vm/observe/obs.h"

#define PAGE_OFFSET 0xffff888000000000ULL
#define IMAGE       (128u << 20)
#define APART       (256u << 10) /* two CPUs' per-CPU areas */
#define TASK_APART  (16u << 10)
#define SAMPLES     2000
#define DOMAINS     3
#define PROGS       12

static int schedstat;

static int thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	(void)self;
	(void)cpu;
	return engine_schedstat(schedstat, t, e);
}

static const struct engine_control control = { .thread = thread };
static const struct engine_ops engine = { .name = "none", .control = &control };

static struct machine m;
static struct obs o;

static void put(uint64_t object, enum kprobe probe, uint64_t v)
{
	const struct kfield *f = &o.k.probe.f[probe];

	kmem_write(&o.k.mem, object + f->offset, &v, f->size);
}

/* A CPU's runqueue, its current task, and a chain of domains. */
static void make_cpu(unsigned int cpu)
{
	uint64_t task, sd;
	int i;

	o.k.rq[cpu] = PAGE_OFFSET + IMAGE + (uint64_t)cpu * APART;
	task = o.k.rq[cpu] + APART / 2;
	sd = task + APART / 8;
	put(o.k.rq[cpu], KP_RQ_CURR, task);
	put(o.k.rq[cpu], KP_RQ_SD, sd);
	for (i = 0; i < DOMAINS; i++, sd += 4096) {
		put(sd, KP_SD_LEVEL, (uint64_t)i);
		put(sd, KP_SD_PARENT, i + 1 < DOMAINS ? sd + 4096 : 0);
	}
}

static void link_to(uint64_t head, uint64_t node)
{
	uint64_t next;

	kmem_number(&o.k.mem, head, 8, &next);
	kmem_write(&o.k.mem, node, &next, 8);
	kmem_write(&o.k.mem, head, &node, 8);
}

/* Tasks that wait, in a queue of sched_ext on each second CPU and in the fair one of the others. */
static void make_waiting(unsigned int tasks)
{
	uint64_t task = PAGE_OFFSET + IMAGE + (uint64_t)m.cpus * APART, own, kn;
	unsigned int i, cpu;
	bool ext;

	for (cpu = 0; cpu < m.cpus; cpu++) {
		own = o.k.rq[cpu] + o.k.probe.f[KP_RQ_CFS_TASKS].offset;
		kmem_write(&o.k.mem, own, &own, 8);
		own = o.k.rq[cpu] + o.k.probe.f[KP_RQ_SCX_RUNNABLE].offset;
		kmem_write(&o.k.mem, own, &own, 8);
		put(o.k.rq[cpu], KP_RQ_CLOCK, 1000000000);
	}
	for (i = 0; i < tasks; i++, task += TASK_APART) {
		cpu = i % m.cpus;
		ext = cpu & 1;
		kn = task + TASK_APART / 2;
		put(task, KP_TASK_CPU, cpu);
		put(task, KP_TASK_CLASS, kmem_symbol(&o.k.mem, ext ? KS_CLASS_EXT : KS_CLASS_FAIR));
		put(task, KP_TASK_ON_RQ, 1);
		put(task, KP_TASK_LAST_QUEUED, 1 + i);
		put(task, KP_TASK_CPUS_PTR, kn);
		put(task, KP_TASK_CGROUPS, kn + 64);
		put(kn + 64, KP_CSS_CGROUP, kn + 1024);
		put(kn + 1024, KP_CGROUP_KN, kn + 2048);
		put(kn + 2048, KP_KN_NAME, kn + 4096);
		/* that of one in four LLCs, or nodes */
		kmem_write(&o.k.mem, kn + i % 4 * 8, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
		kmem_write(&o.k.mem, kn + 4096, "background_spinner", 19);
		link_to(o.k.rq[cpu] +
				o.k.probe.f[ext ? KP_RQ_SCX_RUNNABLE : KP_RQ_CFS_TASKS].offset,
			task + o.k.probe.f[ext ? KP_TASK_SCX_RUNNABLE_NODE : KP_TASK_GROUP_NODE]
					.offset);
	}
}

/* Programs that each CPU has run: a node of the tree that finds them by their numbers. */
static void make_progs(void)
{
	uint64_t node = PAGE_OFFSET + (1u << 20), prog = node + 4096,
		 stats = o.k.runqueues + APART / 4;
	unsigned int cpu, i;

	put(kmem_symbol(&o.k.mem, KS_PROG_IDR), KP_IDR_HEAD, node | 2);
	for (i = 0; i < PROGS; i++, prog += 4096, stats += 64) {
		kmem_write(&o.k.mem, node + o.k.probe.f[KP_NODE_SLOTS].offset + 8ULL * i, &prog, 8);
		put(prog, KP_PROG_AUX, prog + 1024);
		put(prog, KP_PROG_STATS, stats);
		for (cpu = 0; cpu < m.cpus; cpu++)
			put(kview_percpu(&o.k, stats, cpu), KP_STATS_CNT, 1);
	}
}

/* The kernel's image is at the beginning of the memory, mapped by one page of a gigabyte. */
static void make_kernel(void)
{
	uint64_t pud = 4096 | 1, page = 1 << 7 | 1;
	unsigned int cpu;

	gmem_write(&m.mem, 8 * 511, &pud, sizeof(pud));
	gmem_write(&m.mem, 4096 + 8 * 510, &page, sizeof(page));
	o.k.mem.page_offset = PAGE_OFFSET;
	o.k.mem.levels = 4;
	o.k.mem.cpus = m.cpus;
	o.k.runqueues = PAGE_OFFSET + IMAGE;
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
	unsigned int i, tasks = argc == 4 ? (unsigned int)atoi(argv[3]) : 0;
	double since;

	schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	m.cpus = argc >= 3 ? (unsigned int)atoi(argv[2]) : 0;
	if (!m.cpus || m.cpus > TOPO_MAX_CPUS || tasks > 100000 || !out.f ||
	    gmem_init_private(
		    &m.mem, IMAGE + (uint64_t)m.cpus * APART + (uint64_t)tasks * TASK_APART, &e) ||
	    obs_open(&o, argv[1], &m, 1, &out, &e) || ksym_load(&o.k.sym, &e) ||
	    kview_types(&o.k, &e) || kview_learn(&o.k, &e)) {
		fprintf(stderr, "usage: sample_time VMLINUX CPUS [TASKS]: %s\n", e.text);
		return 64;
	}
	obs_start(&o, &engine, NULL);
	o.k.rq = calloc(m.cpus, sizeof(*o.k.rq));
	o.idle = calloc(m.cpus, sizeof(*o.idle));
	steal_init(&o.steal, m.cpus);
	kmem_init(&o.k.mem, &m.mem, &o.k.sym);
	kprobe_all(o.k.types, &o.k.sym, &o.k.probe, json_object_new_array());
	make_kernel();
	make_waiting(tasks);
	monitor_sample(&o, 1);
	since = cpu_us();
	for (i = 0; i < SAMPLES; i++)
		monitor_sample(&o, i);
	printf("%.1f", (cpu_us() - since) / SAMPLES);
	since = cpu_us();
	for (; i < 2 * SAMPLES; i++)
		steal_poll(&o.steal, &engine, NULL, i);
	printf(" %.1f %zu\n", (cpu_us() - since) / SAMPLES, o.text.len);
	return 0;
}
