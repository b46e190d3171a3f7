// SPDX-License-Identifier: GPL-2.0-only
// LINK: kt-vm/engine/kvm/cpuid.c
/*
 * The host's own KVM takes the entries of every vCPU of every preset, and a guest that
 * executes CPUID on it gets them. Any KVM will do: the guest is a dozen instructions.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kt-vm/engine/kvm/cpuid.h"
#include "linux_cpuid.h"
#include "unit.h"

#define CODE     0x1000
#define REQUESTS 0x2000
#define MEMORY   0x10000
#define RUN_SECS 20

/* Real mode: esi walks over edi requests, each of them function, index, and room for the answer. */
extern const uint8_t guest_start[], guest_end[];
asm(".pushsection .rodata\n"
    ".code16\n"
    "guest_start:\n"
    "	movl (%esi), %eax\n"
    "	movl 4(%esi), %ecx\n"
    "	cpuid\n"
    "	movl %eax, 8(%esi)\n"
    "	movl %ebx, 12(%esi)\n"
    "	movl %ecx, 16(%esi)\n"
    "	movl %edx, 20(%esi)\n"
    "	addl $24, %esi\n"
    "	decl %edi\n"
    "	jnz guest_start\n"
    "	hlt\n"
    "guest_end:\n"
    ".code64\n"
    ".popsection\n");

struct request {
	uint32_t function, index, eax, ebx, ecx, edx;
};

/* What Linux asks for, and functions without an entry, which must be zeroes. */
static const uint32_t asked[][2] = {
	{ 0, 0 },          { 1, 0 },          { 4, 0 },          { 4, 1 },
	{ 4, 2 },          { 4, 3 },          { 4, 4 },          { 0xa, 0 },
	{ 0xb, 0 },        { 0xb, 1 },        { 0xb, 2 },        { 0x1f, 0 },
	{ 0x1f, 1 },       { 0x1f, 2 },       { 0x1f, 3 },       { 0x40000000, 0 },
	{ 0x40000001, 0 }, { 0x80000000, 0 }, { 0x80000001, 0 }, { 0x80000005, 0 },
	{ 0x80000006, 0 }, { 0x80000008, 0 }, { 0x8000001d, 0 }, { 0x8000001d, 1 },
	{ 0x8000001d, 2 }, { 0x8000001d, 3 }, { 0x8000001d, 4 }, { 0x8000001e, 0 },
	{ 0x80000026, 0 }, { 0x80000026, 1 }, { 0x80000026, 2 }, { 0x80000026, 3 },
	{ 0x80000026, 4 },
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static struct cpuid host;

static int open_kvm(void)
{
	struct errbuf e;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		return -1;
	CHECK_INT(cpuid_supported(kvm, &host, &e), 0);
	CHECK(host.nent > 10);
	return kvm;
}

static struct cpu_place place(const struct topo *t, unsigned int cpu)
{
	unsigned int llcs = t->llcs / t->nodes;
	struct cpu_place p = { .id = cpu,
			       .node = topo_node(t, cpu),
			       .llc = topo_llc(t, cpu),
			       .core = topo_core(t, cpu),
			       .thread = topo_thread(t, cpu) };

	p.apic_id = p.node << topo_bits(llcs) | p.llc % llcs;
	p.apic_id = p.apic_id << topo_bits(t->cores) | p.core;
	p.apic_id = p.apic_id << topo_bits(t->threads) | p.thread;
	return p;
}

static void accepts(int vcpu, const char *spec)
{
	struct cpuid_opts o = { .tsc_deadline = true };
	static struct cpuid c, back;
	unsigned int cpu;
	struct errbuf e;

	CHECK_INT(topo_parse(spec, &o.topo, NULL, &e), 0);
	for (cpu = 0; cpu < topo_cpus(&o.topo); cpu++) {
		struct cpu_place p = place(&o.topo, cpu);

		CHECK_INT(cpuid_vcpu(&c, &host, &o, &p), 0);
		if (ioctl(vcpu, KVM_SET_CPUID2, &c)) {
			printf("# %s, CPU %u: %s\n", spec, cpu, strerror(errno));
			CHECK(!"accepted");
			return;
		}
	}
	back.nent = CPUID_MAX;
	CHECK_INT(ioctl(vcpu, KVM_GET_CPUID2, &back), 0);
	/* some KVMs change features; the topology must be as it was given */
	CHECK(!decode(&back).cut);
	CHECK_INT(decode(&back).apicid, place(&o.topo, cpu - 1).apic_id);
}

TEST(accepted)
{
	const struct topo_preset *p;
	int kvm = open_kvm(), vm, vcpu;

	if (kvm < 0)
		SKIP("/dev/kvm cannot be opened");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	CHECK(vm >= 0 && vcpu >= 0);
	for (p = topo_presets; p->name; p++)
		accepts(vcpu, p->spec);
	accepts(vcpu, "64n1024l1c1t");
	close(vcpu);
	close(vm);
	close(kvm);
}

static void too_long(int sig)
{
	(void)sig; /* ends KVM_RUN with EINTR */
}

/* Runs the guest to its end; what it has got goes to `seen`, as entries. */
static int execute(int kvm, const struct cpuid *c, struct cpuid *seen)
{
	struct sigaction sa = { .sa_handler = too_long };
	uint8_t *mem =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0), rc;
	size_t size = (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY,
						      .userspace_addr = (uintptr_t)mem };
	struct kvm_regs regs = { .rip = CODE, .rsi = REQUESTS, .rdi = ASKED, .rflags = 2 };
	struct request *r = (void *)(mem + REQUESTS);
	struct kvm_sregs sregs;
	size_t i;

	memcpy(mem + CODE, guest_start, (size_t)(guest_end - guest_start));
	for (i = 0; i < ASKED; i++)
		r[i] = (struct request){ asked[i][0], asked[i][1], 0, 0, 0, 0 };
	ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL); /* old Intel CPUs want it */
	rc = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) || ioctl(vcpu, KVM_SET_CPUID2, c) ||
	     ioctl(vcpu, KVM_GET_SREGS, &sregs);
	sregs.cs.base = sregs.cs.selector = 0;
	rc = rc || ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs);
	sigaction(SIGALRM, &sa, NULL);
	alarm(RUN_SECS);
	rc = rc || ioctl(vcpu, KVM_RUN, 0) || run->exit_reason != KVM_EXIT_HLT;
	alarm(0);
	seen->nent = 0;
	for (i = 0; i < ASKED; i++)
		seen->e[seen->nent++] = (struct kvm_cpuid_entry2){ .function = r[i].function,
								   .index = r[i].index,
								   .flags = 1,
								   .eax = r[i].eax,
								   .ebx = r[i].ebx,
								   .ecx = r[i].ecx,
								   .edx = r[i].edx };
	munmap(run, size);
	munmap(mem, MEMORY);
	close(vcpu);
	close(vm);
	return rc;
}

static void executed_on(int kvm, const char *spec, unsigned int cpu)
{
	struct cpuid_opts o = { .tsc_deadline = true };
	static struct cpuid c, got;
	struct cpu_place p;
	struct errbuf e;
	struct seen s;

	CHECK_INT(topo_parse(spec, &o.topo, NULL, &e), 0);
	p = place(&o.topo, cpu);
	CHECK_INT(cpuid_vcpu(&c, &host, &o, &p), 0);
	CHECK_INT(execute(kvm, &c, &got), 0);
	s = decode(&got);
	CHECK(!s.cut);
	CHECK_INT(s.apicid, p.apic_id);
	CHECK_INT(s.pkg, p.node);
	CHECK_INT(s.die, p.apic_id >> (topo_bits(o.topo.cores) + topo_bits(o.topo.threads)));
	CHECK_INT(s.shift[SMT], topo_bits(o.topo.threads));
	CHECK_INT(s.caches, 4);
	CHECK_INT(s.kib[3], 16384);
	CHECK_INT(get(&got, 1, 0).ecx >> 31, 1);
	CHECK_INT(get(&got, 0x40000000, 0).ebx, 0x4b4d564b);
}

TEST(executed)
{
	int kvm = open_kvm();

	if (kvm < 0)
		SKIP("/dev/kvm cannot be opened");
	executed_on(kvm, "1l1c1t", 0);
	executed_on(kvm, "smt-3llc", 11);
	executed_on(kvm, "numa4-12llc", 191);
	executed_on(kvm, "max-cpu", 251);
	executed_on(kvm, "63n63l5c3t", 944);
	close(kvm);
}

UNIT_MAIN(T(accepted), T(executed))
