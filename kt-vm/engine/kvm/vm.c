// SPDX-License-Identifier: GPL-2.0-only
/* The VM and its vCPUs: memory, interrupt controllers, CPUID, and the first registers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array.h"
#include "cpuid.h"
#include "device/ioapic.h"
#include "kvm.h"
#include "vm.h"

/* Four pages for KVM on Intel, below the top of 32 bits, where the guest has nothing. */
#define IDENTITY_MAP 0xfeffc000ULL
#define TSS_PAGES    0xfeffd000ULL

#define APIC_ID_8BIT 254U /* 255 is the broadcast */
#define X2APIC_API   (KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)

enum { MSR_MISC_ENABLE = 0x1a0, MSR_MTRR_DEF_TYPE = 0x2ff };

int kvm_open(struct errbuf *e)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), err = errno, api;

	if (fd < 0 && (err == ENOENT || err == ENODEV || err == ENXIO))
		return errbuf_set(e, -ENOTSUP,
				  "there is no usable /dev/kvm (turn on virtualization in the "
				  "firmware, and load kvm_intel or kvm_amd)");
	if (fd < 0 && (err == EACCES || err == EPERM))
		return errbuf_set(e, -ENOTSUP,
				  "no permission to open /dev/kvm (join the group that owns it, "
				  "often kvm)");
	if (fd < 0)
		return errbuf_set(e, -err, "unable to open /dev/kvm: %s", strerror(err));
	api = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (api == KVM_API_VERSION)
		return fd;
	close(fd);
	return errbuf_set(e, -ENOTSUP, "/dev/kvm speaks version %d of the API (expected %d)", api,
			  KVM_API_VERSION);
}

static unsigned int max_apic_id(const struct machine *m)
{
	unsigned int i, max = 0;

	for (i = 0; i < m->cpus; i++)
		if (m->places[i].apic_id > max)
			max = m->places[i].apic_id;
	return max;
}

/* How many APIC ids a VM can have here. */
static unsigned int apic_ids(int kvm)
{
	int ids = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);
	int api = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_X2APIC_API);

	if (ids <= 0 || (ids > (int)APIC_ID_8BIT && (api & X2APIC_API) != X2APIC_API))
		return APIC_ID_8BIT + 1;
	return (unsigned int)ids;
}

int kvm_vm_fits(int kvm, const struct machine *m, struct errbuf *e)
{
	static const struct {
		int cap;
		const char *what;
	} needed[] = {
		{ KVM_CAP_USER_MEMORY, "memory slots" },
		{ KVM_CAP_IRQCHIP, "interrupt controllers (irqchip)" },
		{ KVM_CAP_PIT2, "an interval timer (PIT)" },
		{ KVM_CAP_IMMEDIATE_EXIT, "immediate_exit" },
		{ KVM_CAP_EXT_CPUID, "CPUID" },
	};
	int max = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	unsigned int top = max_apic_id(m), ids = apic_ids(kvm);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (ioctl(kvm, KVM_CHECK_EXTENSION, needed[i].cap) <= 0)
			return errbuf_set(e, -ENOTSUP,
					  "the host's KVM has no %s (a newer kernel has)",
					  needed[i].what);
	if (max > 0 && m->cpus > (unsigned int)max)
		return errbuf_set(e, -ENOTSUP,
				  "%u vCPUs are too many for the host's KVM, which allows %d",
				  m->cpus, max);
	if (top >= ids)
		return errbuf_set(e, -ENOTSUP,
				  "topology %s has APIC ids up to %u, the host's KVM has up to %u",
				  m->spec, top, ids - 1);
	return 0;
}

/*
 * APIC ids of more than 8 bits: KVM's own I/O APIC cannot reach them, so there is ours,
 * and no PIC and PIT: KVM has all three or none.
 */
static int split_irqchip(struct kvm_vm *vm, struct errbuf *e)
{
	struct kvm_enable_cap ids = { .cap = KVM_CAP_X2APIC_API, .args = { X2APIC_API } };
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { IOAPIC_PINS } };

	if (ioctl(vm->fd, KVM_ENABLE_CAP, &ids))
		return errbuf_set(e, -ENOTSUP, "the host's KVM refuses 32-bit APIC ids: %s",
				  strerror(errno));
	if (ioctl(vm->fd, KVM_ENABLE_CAP, &split))
		return errbuf_set(e, -ENOTSUP,
				  "the host's KVM refuses local APICs alone (split irqchip), which "
				  "APIC ids above %u need: %s",
				  APIC_ID_8BIT, strerror(errno));
	return 0;
}

/* An AMD guest has counters whatever CPUID says. A KVM that is too old for this has them on. */
static void no_counters(struct kvm_vm *vm)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_PMU_CAPABILITY,
				      .args = { KVM_PMU_CAP_DISABLE } };

	ioctl(vm->fd, KVM_ENABLE_CAP, &cap);
}

/* For exceptions of the guest that come to us: engine/kvm/vcpu.c. Since Linux 4.20. */
static void payloads(struct kvm_vm *vm)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_EXCEPTION_PAYLOAD, .args = { 1 } };

	ioctl(vm->fd, KVM_ENABLE_CAP, &cap);
}

static int add_slot(struct kvm_vm *vm, unsigned int slot, uint64_t gpa, uint64_t end)
{
	struct kvm_userspace_memory_region r = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = end - gpa,
	};

	if (end <= gpa)
		return 0;
	r.userspace_addr = (uintptr_t)gmem_at(&vm->m->mem, gpa, end - gpa);
	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r) ? -errno : 0;
}

static int add_memory(struct kvm_vm *vm, struct errbuf *e)
{
	uint64_t low = gmem_low_end(&vm->m->mem);
	int rc = add_slot(vm, 0, 0, low);

	if (!rc)
		rc = add_slot(vm, 1, GMEM_HIGH_GPA, GMEM_HIGH_GPA + vm->m->mem.size - low);
	return rc ? errbuf_set(e, rc, "KVM refuses %llu MiB of guest memory: %s",
			       (unsigned long long)vm->m->mem.size >> 20, strerror(-rc))
		  : 0;
}

static int add_irqchip(struct kvm_vm *vm, struct errbuf *e)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = IDENTITY_MAP;

	/* only Intel's KVM needs these two; AMD's takes and ignores them */
	ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_PAGES);
	if (vm->split_irqchip)
		return split_irqchip(vm, e);
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return errbuf_set(e, -ENOTSUP,
				  "the host's KVM refuses interrupt controllers (irqchip): %s",
				  strerror(errno));
	if (ioctl(vm->fd, KVM_CREATE_PIT2, &pit))
		return errbuf_set(e, -ENOTSUP, "the host's KVM refuses a timer (PIT): %s",
				  strerror(errno));
	return 0;
}

int kvm_vm_init(struct kvm_vm *vm, int kvm, const struct machine *m, struct errbuf *e)
{
	pthread_condattr_t monotonic;
	int rc;

	memset(vm, 0, sizeof(*vm));
	vm->m = m;
	vm->event_fd = -1;
	vm->hit_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bus_init(&vm->pio);
	bus_init(&vm->mmio);
	pthread_mutex_init(&vm->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&vm->moved, &monotonic);
	pthread_condattr_destroy(&monotonic);
	vm->fd = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return errbuf_set(e, -errno, "KVM makes no VM: %s", strerror(errno));
	no_counters(vm);
	payloads(vm);
	vm->split_irqchip = max_apic_id(m) > APIC_ID_8BIT;
	/*
	 * Memory first: adding it waits for readers of KVM's tables (SRCU), which takes a
	 * tick or two once an interrupt controller has begun to wait for them lazily.
	 */
	rc = add_memory(vm, e);
	return rc ? rc : add_irqchip(vm, e);
}

int kvm_vcpu_enter_at(int vcpu, uint64_t rip)
{
	const struct kvm_segment code = { .limit = 0xffffffff,
					  .selector = 0x10,
					  .type = 11,
					  .present = 1,
					  .s = 1,
					  .l = 1,
					  .g = 1 };
	const struct kvm_segment data = { .limit = 0xffffffff,
					  .selector = 0x18,
					  .type = 3,
					  .present = 1,
					  .s = 1,
					  .db = 1,
					  .g = 1 };
	struct kvm_regs regs = { .rip = rip, .rsi = MACHINE_BOOT_PARAMS, .rflags = 2 };
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		return -errno;
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.cr3 = MACHINE_PAGE_TABLES;
	s.cr4 = 0x620;      /* PAE, OSFXSR, OSXMMEXCPT */
	s.cr0 = 0x80000033; /* PG, NE, ET, MP, PE */
	s.efer = 0x500;     /* LMA, LME */
	if (ioctl(vcpu, KVM_SET_SREGS, &s) || ioctl(vcpu, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

/* As firmware leaves them: fast strings; all memory write-back, or the kernel trims it. */
static void set_msrs(int vcpu)
{
	static const struct kvm_msr_entry e[] = { { .index = MSR_MTRR_DEF_TYPE, .data = 0xc06 },
						  { .index = MSR_MISC_ENABLE, .data = 1 } };
	union {
		struct kvm_msrs head;
		uint8_t room[sizeof(struct kvm_msrs) + sizeof(e)];
	} msrs = { .head.nmsrs = ARRAY_SIZE(e) };

	memcpy(msrs.head.entries, e, sizeof(e));
	ioctl(vcpu, KVM_SET_MSRS, &msrs);
}

/*
 * Linux leaves out CPUs with ids above 254 when the boot CPU does not come in x2APIC
 * mode; firmware switches to it on all CPUs then.
 */
static int set_x2apic(int vcpu)
{
	struct kvm_sregs s;

	if (ioctl(vcpu, KVM_GET_SREGS, &s))
		return -errno;
	s.apic_base |= 1 << 10;
	return ioctl(vcpu, KVM_SET_SREGS, &s) ? -errno : 0;
}

static int add_vcpu(struct kvm_vm *vm, struct kvm_vcpu *v, const struct cpuid *host,
		    const struct cpuid_opts *o)
{
	const struct cpu_place *place = &vm->m->places[v->index];
	struct cpuid *c = malloc(sizeof(*c));
	int rc = c ? 0 : -ENOMEM;

	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, (unsigned long)place->apic_id);
	if (!rc && v->fd < 0)
		rc = -errno;
	if (!rc) {
		v->run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
		if (v->run == MAP_FAILED) {
			v->run = NULL;
			rc = -errno;
		}
	}
	if (!rc)
		rc = cpuid_vcpu(c, host, o, place);
	if (!rc && ioctl(v->fd, KVM_SET_CPUID2, c))
		rc = -errno;
	if (!rc && o->msi_ext_dest_id)
		rc = set_x2apic(v->fd);
	free(c);
	if (rc)
		return rc;
	set_msrs(v->fd);
	/* the others wait for the first one's INIT and SIPI */
	return v->index == 0 ? kvm_vcpu_enter_at(v->fd, vm->m->entry) : 0;
}

int kvm_vm_vcpus(struct kvm_vm *vm, int kvm, struct errbuf *e)
{
	const struct cpuid_opts o = {
		.topo = { vm->m->nodes, vm->m->llcs, vm->m->cores, vm->m->threads },
		.tsc_deadline = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0,
		.msi_ext_dest_id = vm->split_irqchip,
	};
	struct cpuid *host = calloc(1, sizeof(*host));
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), rc;

	vm->vcpu = calloc(vm->m->cpus, sizeof(*vm->vcpu));
	if (!host || !vm->vcpu || size <= 0) {
		free(host);
		return errbuf_set(e, -ENOMEM, "out of memory");
	}
	vm->run_size = (size_t)size;
	rc = cpuid_supported(kvm, host, e);
	for (; !rc && vm->vcpus < vm->m->cpus; vm->vcpus++) {
		struct kvm_vcpu *v = &vm->vcpu[vm->vcpus];

		v->vm = vm;
		v->index = vm->vcpus;
		rc = add_vcpu(vm, v, host, &o);
		if (rc)
			errbuf_set(e, rc, "KVM makes no vCPU %u of %u: %s", v->index, vm->m->cpus,
				   strerror(-rc));
	}
	free(host);
	return rc;
}

void kvm_vm_free(struct kvm_vm *vm)
{
	unsigned int i;

	for (i = 0; vm->vcpu && i < vm->m->cpus; i++) {
		if (vm->vcpu[i].run)
			munmap(vm->vcpu[i].run, vm->run_size);
		if (vm->vcpu[i].vm && vm->vcpu[i].fd >= 0)
			close(vm->vcpu[i].fd);
	}
	free(vm->vcpu);
	vm->vcpu = NULL;
	if (vm->fd >= 0)
		close(vm->fd);
	if (vm->event_fd >= 0)
		close(vm->event_fd);
	if (vm->hit_fd >= 0)
		close(vm->hit_fd);
	bus_free(&vm->pio);
	bus_free(&vm->mmio);
	pthread_cond_destroy(&vm->moved);
	pthread_mutex_destroy(&vm->lock);
}
