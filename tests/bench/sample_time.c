// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/ksym.c kt-vm/kallsyms.c kt-vm/kmem.c kt-vm/kbtf.c kt-vm/kval.c kt-vm/kidr.c
// LINK: kt-vm/kbpf.c kt-vm/kbpf_find.c kt-vm/kbpf_prog.c kt-vm/kscx.c kt-vm/kblame.c kt-vm/kdump.c
// LINK: kt-vm/kunwind.c kt-vm/kflight.c
// LINK: kt-vm/kprobe.c kt-vm/obs.c kt-vm/kname.c kt-vm/monitor.c kt-vm/live.c kt-vm/snapshot.c
// LINK: kt-vm/watch.c kt-vm/kpath.c kt-vm/jtext.c kt-vm/gmem.c
/*
 * usage: sample_time VMLINUX CPUS
 * What a sample costs, in microseconds of CPU time: the kernel's own struct layouts, and a
 * memory in which the runqueues and the current tasks of so many CPUs lie as far apart as in a
 * guest (the sample reads the same places; what it finds there are zeros).
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "obs.h"

#define PAGE_OFFSET 0xffff888000000000ULL
#define APART       (256u << 10) /* two CPUs' per-CPU areas */
#define SAMPLES     2000

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

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	static struct machine m;
	static struct obs o;
	struct rec_out out = { .f = fopen("/dev/null", "w") };
	struct errbuf e = { "" };
	const void *btf;
	double since;
	unsigned int i;
	size_t len;

	m.cpus = argc == 3 ? (unsigned int)atoi(argv[2]) : 0;
	if (!m.cpus || m.cpus > TOPO_MAX_CPUS || !out.f ||
	    gmem_init_private(&m.mem, (uint64_t)m.cpus * APART, &e) ||
	    obs_open(&o, argv[1], &m, 1, &out, &e) || ksym_load(&o.sym, &e)) {
		fprintf(stderr, "usage: sample_time VMLINUX CPUS: %s\n", e.text);
		return 64;
	}
	obs_start(&o, &engine, NULL);
	btf = ksym_section(&o.sym, ".BTF", &len, NULL);
	o.btf = btf ? btf__new(btf, (uint32_t)len) : NULL;
	o.rq = calloc(m.cpus, sizeof(*o.rq));
	kmem_init(&o.mem, &m.mem, &o.sym);
	kprobe_all(o.btf, &o.probe, json_object_new_array());
	o.mem.page_offset = PAGE_OFFSET;
	o.mem.levels = 4;
	o.mem.cpus = m.cpus;
	for (i = 0; i < m.cpus; i++) {
		uint64_t task = PAGE_OFFSET + (uint64_t)i * APART + APART / 2;

		o.rq[i] = PAGE_OFFSET + (uint64_t)i * APART;
		kmem_write(&o.mem, o.rq[i] + o.probe.f[KP_RQ_CURR].offset, &task, sizeof(task));
	}
	monitor_sample(&o, 1);
	since = cpu_us();
	for (i = 0; i < SAMPLES; i++)
		monitor_sample(&o, i);
	printf("%.1f\n", (cpu_us() - since) / SAMPLES);
	return 0;
}
