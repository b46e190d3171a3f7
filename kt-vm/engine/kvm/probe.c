// SPDX-License-Identifier: GPL-2.0-only
/*
 * Can /dev/kvm run a stock kernel? Modules without the CPU's help emulate the guest's
 * instructions one by one: too slow, and without the vector instructions. So the
 * probe runs some, and looks at the clock.
 */
#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cpuid.h"
#include "kvm.h"
#include "units.h"
#include "vm.h"

/*
 * 3 million instructions: 1 ms for a CPU, and 15 ms for one that is itself simulated;
 * an emulator in the kernel takes seconds. The time is the thread's CPU time, so that
 * a busy host does not count.
 */
#define LIMIT_NS  (150 * NSEC_PER_MSEC)
#define REPEAT_NS (20 * NSEC_PER_MSEC) /* the first signal may come just before KVM_RUN */
#define CODE_GPA  0x1000U
#define PAGE      4096U
#define MEMORY    0x10000U

static const uint8_t code[] = {
	0xb9, 0x40, 0x42, 0x0f, 0x00, /*	mov	$1000000, %ecx */
	0x66, 0x0f, 0xfe, 0xc8,       /* 1:	paddd	%xmm0, %xmm1 */
	0xff, 0xc9,                   /*	dec	%ecx */
	0x75, 0xf8,                   /*	jnz	1b */
	0xf4,                         /*	hlt */
};

struct probe {
	int vm, vcpu;
	uint8_t *mem;
	struct kvm_run *run;
	size_t run_size;
};

/* "kvm_intel", or whatever else stands behind /dev/kvm: of two the one for this CPU. */
static void module_name(char *buf, size_t size)
{
	unsigned int a, b = 0, c, d;
	const char *own;
	DIR *dir = opendir("/sys/module");
	struct dirent *de;

	__get_cpuid(0, &a, &b, &c, &d);
	own = b == signature_INTEL_ebx ? "kvm_intel" : "kvm_amd";
	snprintf(buf, size, "kvm");
	while (dir && (de = readdir(dir)))
		if (strncmp(de->d_name, "kvm_", 4) == 0 && strcmp(buf, own))
			snprintf(buf, size, "%s", de->d_name);
	if (dir)
		closedir(dir);
}

static int emulated(const char *how, struct errbuf *why)
{
	char module[64];

	module_name(module, sizeof(module));
	return errbuf_set(
		why, -ENOTSUP,
		"/dev/kvm cannot run a stock kernel (%s %s; kvm_intel or kvm_amd on a CPU "
		"with VT-x or SVM is needed)",
		module, how);
}

/* The first 2 MiB, which are enough, in one large page. */
static void place(struct probe *p)
{
	uint64_t *pml4 = (uint64_t *)(p->mem + MACHINE_PAGE_TABLES);

	pml4[0] = (MACHINE_PAGE_TABLES + PAGE) | 3;
	pml4[512] = (MACHINE_PAGE_TABLES + 2 * PAGE) | 3;
	pml4[1024] = 0x83;
	memcpy(p->mem + CODE_GPA, code, sizeof(code));
}

static int make_vm(struct probe *p, int kvm, struct cpuid *c, struct errbuf *why)
{
	struct kvm_userspace_memory_region r = { .memory_size = MEMORY };
	uint64_t identity = 0xfeffc000;
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), rc;

	p->mem = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p->mem == MAP_FAILED)
		return -errno;
	place(p);
	p->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (p->vm < 0)
		return -errno;
	r.userspace_addr = (uintptr_t)p->mem;
	ioctl(p->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(p->vm, KVM_SET_TSS_ADDR, 0xfeffd000);
	if (size <= 0 || ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &r))
		return -errno;
	p->vcpu = ioctl(p->vm, KVM_CREATE_VCPU, 0);
	if (p->vcpu < 0)
		return -errno;
	p->run_size = (size_t)size;
	p->run = mmap(NULL, p->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, p->vcpu, 0);
	if (p->run == MAP_FAILED)
		return -errno;
	rc = cpuid_supported(kvm, c, why);
	if (rc)
		return rc;
	return ioctl(p->vcpu, KVM_SET_CPUID2, c) ? -errno : kvm_vcpu_enter_at(p->vcpu, CODE_GPA);
}

static void on_timer(int sig)
{
	(void)sig;
}

/* 0, -ETIME, or -EIO for an instruction that KVM cannot run. */
static int run_timed(struct probe *p)
{
	const struct itimerspec limit = { .it_value.tv_nsec = LIMIT_NS,
					  .it_interval.tv_nsec = REPEAT_NS };
	struct sigevent se = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = KVM_KICK };
	struct sigaction sa = { .sa_handler = on_timer }, old;
	timer_t timer;
	int rc;

	sigaction(KVM_KICK, &sa, &old);
	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &se, &timer))
		return -errno;
	timer_settime(timer, 0, &limit, NULL);
	do {
		rc = ioctl(p->vcpu, KVM_RUN, 0) ? -errno : 0;
	} while (rc == -EAGAIN);
	timer_delete(timer);
	sigaction(KVM_KICK, &old, NULL);
	if (rc)
		return rc == -EINTR ? -ETIME : rc;
	return p->run->exit_reason == KVM_EXIT_HLT ? 0 : -EIO;
}

static void unmake_vm(struct probe *p)
{
	if (p->run != MAP_FAILED)
		munmap(p->run, p->run_size);
	if (p->vcpu >= 0)
		close(p->vcpu);
	if (p->vm >= 0)
		close(p->vm);
	if (p->mem != MAP_FAILED)
		munmap(p->mem, MEMORY);
}

static int runs_code(int kvm, struct errbuf *why)
{
	struct probe p = { .vm = -1, .vcpu = -1, .mem = MAP_FAILED, .run = MAP_FAILED };
	struct cpuid *c = calloc(1, sizeof(*c));
	int rc;

	why->text[0] = '\0';
	rc = c ? make_vm(&p, kvm, c, why) : -ENOMEM;
	free(c);
	if (rc && !why->text[0])
		errbuf_set(why, rc, "/dev/kvm makes no virtual machine: %s", strerror(-rc));
	if (!rc) {
		rc = run_timed(&p);
		if (rc == -EIO)
			rc = emulated("lacks vector instructions", why);
		else if (rc == -ETIME)
			rc = emulated("emulates the guest's instructions", why);
		else if (rc)
			errbuf_set(why, rc, "/dev/kvm runs no code: %s", strerror(-rc));
	}
	unmake_vm(&p);
	return rc;
}

int kvm_probe(const struct machine *m, char *what, size_t size, struct errbuf *why)
{
	int kvm = kvm_open(why), rc;

	if (kvm < 0)
		return kvm;
	rc = m ? kvm_vm_fits(kvm, m, why) : 0;
	if (!rc)
		rc = runs_code(kvm, why);
	close(kvm);
	if (!rc)
		module_name(what, size);
	return rc;
}
