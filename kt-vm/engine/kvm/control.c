// SPDX-License-Identifier: GPL-2.0-only
/* Control over a running guest: pause and resume, registers, watchpoints, statistics. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "kvm.h"
#include "record.h"
#include "units.h"
#include "vcpu.h"

#define REKICK_NS (20 * NSEC_PER_MSEC) /* only a host in trouble needs a second kick */

/* Under vm->lock. */
static bool arrived(const struct kvm_vm *vm, enum kvm_want want)
{
	switch (want) {
	case KVM_WANT_PAUSE:
		return vm->parked + vm->ended >= vm->vcpus;
	case KVM_WANT_RUN:
		return vm->parked == 0 || vm->hit; /* one ran, and has stopped again by now */
	default:
		return vm->ended == vm->vcpus;
	}
}

static void kick_all(struct kvm_vm *vm)
{
	unsigned int i;

	for (i = 0; i < vm->vcpus; i++)
		if (vm->vcpu[i].started && !vm->vcpu[i].parked && !vm->vcpu[i].ended)
			kvm_vcpu_kick(&vm->vcpu[i]);
}

static int late(const struct kvm_vm *vm, uint64_t timeout_ns, struct errbuf *e)
{
	char limit[24];
	unsigned int i;

	for (i = 0; i + 1 < vm->vcpus; i++)
		if (!vm->vcpu[i].parked && !vm->vcpu[i].ended)
			break;
	return errbuf_set(e, -ETIMEDOUT, "vCPU %u is stuck in the host: it did not stop in %s", i,
			  units_format_ns(limit, timeout_ns));
}

int kvm_vm_move(struct kvm_vm *vm, enum kvm_want want, uint64_t timeout_ns, uint64_t *took_ns,
		struct errbuf *e)
{
	uint64_t start = clock_ns(), now = start;
	int rc = 0;

	pthread_mutex_lock(&vm->lock);
	if (atomic_load(&vm->want) == KVM_WANT_END)
		want = KVM_WANT_END; /* there is no way back */
	atomic_store(&vm->want, want);
	pthread_cond_broadcast(&vm->moved);
	while (!arrived(vm, want) && now - start < timeout_ns) {
		uint64_t wake = now + REKICK_NS;
		const struct timespec t = { .tv_sec = (time_t)(wake / NSEC_PER_SEC),
					    .tv_nsec = (long)(wake % NSEC_PER_SEC) };

		if (want != KVM_WANT_RUN)
			kick_all(vm);
		pthread_cond_timedwait(&vm->moved, &vm->lock, &t);
		now = clock_ns();
	}
	if (!arrived(vm, want))
		rc = late(vm, timeout_ns, e);
	pthread_mutex_unlock(&vm->lock);
	*took_ns = clock_ns() - start;
	return rc;
}

static int check_alive(struct kvm_vm *vm, struct errbuf *e)
{
	return atomic_load(&vm->want) == KVM_WANT_END
		       ? errbuf_set(e, -ESRCH, "the guest has come to its end")
		       : 0;
}

static int pause_guest(void *self, uint64_t *took_ns, struct errbuf *e)
{
	int rc = check_alive(self, e);
	struct errbuf late;

	*took_ns = 0;
	if (rc) /* its threads are about to end, and its registers are what they were */
		kvm_vm_move(self, KVM_WANT_END, ENGINE_CONTROL_NS, took_ns, &late);
	return rc ? rc : kvm_vm_move(self, KVM_WANT_PAUSE, ENGINE_CONTROL_NS, took_ns, e);
}

/* True: the guest stays paused, for a hit that the caller does not know of yet. */
static bool forget_hits(struct kvm_vm *vm)
{
	unsigned int i;
	bool news;

	pthread_mutex_lock(&vm->lock);
	news = vm->hit && !vm->hit_told;
	if (vm->hit && !news) {
		vm->hit = vm->hit_told = false;
		for (i = 0; i < vm->vcpus; i++)
			vm->vcpu[i].hit = false;
	}
	pthread_mutex_unlock(&vm->lock);
	return news;
}

static int resume(void *self, uint64_t *took_ns, struct errbuf *e)
{
	struct kvm_vm *vm = self;
	int rc = check_alive(vm, e);
	unsigned int i;

	*took_ns = 0;
	if (rc || forget_hits(vm))
		return rc;
	/* or the guest's watchdogs take the pause for a hang; fails where no kvmclock is used */
	for (i = 0; i < vm->vcpus; i++)
		ioctl(vm->vcpu[i].fd, KVM_KVMCLOCK_CTRL, 0);
	return kvm_vm_move(vm, KVM_WANT_RUN, ENGINE_CONTROL_NS, took_ns, e);
}

/* No vCPU runs, for a pause or for ever: KVM would wait for one that does. */
static bool is_still(struct kvm_vm *vm)
{
	bool still;

	pthread_mutex_lock(&vm->lock);
	still = atomic_load(&vm->want) != KVM_WANT_RUN && arrived(vm, KVM_WANT_PAUSE);
	pthread_mutex_unlock(&vm->lock);
	return still;
}

static int check_paused(struct kvm_vm *vm, struct errbuf *e)
{
	int rc = check_alive(vm, e);

	return rc || is_still(vm) ? rc : errbuf_set(e, -EBUSY, "the guest is not paused");
}

static int regs(void *self, unsigned int cpu, struct vcpu_regs *r, struct errbuf *e)
{
	struct kvm_vm *vm = self;
	struct kvm_regs g;
	struct kvm_sregs s;
	int rc;

	if (cpu >= vm->vcpus)
		return errbuf_set(e, -EINVAL, "there is no vCPU %u", cpu);
	rc = is_still(vm) ? 0 : check_paused(vm, e);
	if (rc)
		return rc;
	if (ioctl(vm->vcpu[cpu].fd, KVM_GET_REGS, &g) || ioctl(vm->vcpu[cpu].fd, KVM_GET_SREGS, &s))
		return errbuf_set(e, -errno, "unable to read the registers of vCPU %u: %s", cpu,
				  strerror(errno));
	*r = (struct vcpu_regs){
		.rip = g.rip,
		.rsp = g.rsp,
		.rflags = g.rflags,
		.cr0 = s.cr0,
		.cr2 = s.cr2,
		.cr3 = s.cr3,
		.cr4 = s.cr4,
		.efer = s.efer,
		.gpr = { g.rax, g.rcx, g.rdx, g.rbx, g.rsp, g.rbp, g.rsi, g.rdi, g.r8, g.r9, g.r10,
			 g.r11, g.r12, g.r13, g.r14, g.r15 },
		.fs_base = s.fs.base,
		.gs_base = s.gs.base,
	};
	return 0;
}

/* DR7's bits of watchpoint `i`: enabled, its type, and its length. */
static uint64_t dr7(unsigned int i, const struct engine_watch *w)
{
	uint64_t len = w->len == 8 ? 2 : w->len - 1;

	return 2ULL << (i * 2) | ((uint64_t)w->type | len << 2) << (16 + i * 4);
}

static int watch(void *self, const struct engine_watch *w, unsigned int n, struct errbuf *e)
{
	struct kvm_guest_debug d = { .arch.debugreg[7] = 0x600 }; /* GE, and the bit that is 1 */
	struct kvm_vm *vm = self;
	unsigned int i, executes = 0;
	int rc = check_paused(vm, e);

	if (rc)
		return rc;
	rc = engine_check_watch(w, n, e);
	if (rc)
		return rc;
	for (i = 0; i < n; i++) {
		d.arch.debugreg[i] = w[i].addr;
		d.arch.debugreg[7] |= dr7(i, &w[i]);
		executes |= w[i].type == ENGINE_WATCH_EXECUTE ? 1U << i : 0;
	}
	if (n)
		d.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	for (i = 0; i < vm->vcpus; i++)
		if (ioctl(vm->vcpu[i].fd, KVM_SET_GUEST_DEBUG, &d))
			return errbuf_set(e, -errno, "KVM sets no watchpoint on vCPU %u: %s", i,
					  strerror(errno));
	pthread_mutex_lock(&vm->lock);
	vm->watches = (1U << n) - 1;
	vm->executes = executes;
	pthread_mutex_unlock(&vm->lock);
	return 0;
}

bool kvm_vm_hit(struct kvm_vm *vm, int *rc, struct errbuf *e)
{
	uint64_t took;
	eventfd_t n;
	bool news;

	*rc = 0;
	eventfd_read(vm->hit_fd, &n);
	pthread_mutex_lock(&vm->lock);
	news = vm->hit && !vm->hit_told && atomic_load(&vm->want) != KVM_WANT_END;
	vm->hit_told = vm->hit;
	pthread_mutex_unlock(&vm->lock);
	if (news)
		*rc = kvm_vm_move(vm, KVM_WANT_PAUSE, ENGINE_CONTROL_NS, &took, e);
	return news && !*rc;
}

static bool hit(void *self, struct engine_hit *h)
{
	struct kvm_vm *vm = self;
	unsigned int i;

	pthread_mutex_lock(&vm->lock);
	for (i = vm->hit_told ? 0 : vm->vcpus; i < vm->vcpus && !vm->vcpu[i].hit; i++)
		;
	if (i < vm->vcpus) {
		vm->vcpu[i].hit = false;
		*h = (struct engine_hit){ .cpu = i, .watch = vm->vcpu[i].hit_watch };
	}
	pthread_mutex_unlock(&vm->lock);
	return i < vm->vcpus;
}

static int thread(void *self, unsigned int cpu, struct engine_thread *t, struct errbuf *e)
{
	struct kvm_vm *vm = self;

	if (cpu >= vm->vcpus)
		return errbuf_set(e, -EINVAL, "there is no vCPU %u", cpu);
	t->pid = getpid();
	t->tid = vm->vcpu[cpu].tid;
	return engine_schedstat(vm->vcpu[cpu].schedstat, t, e);
}

/* ---- KVM's own statistics ----------------------------------------------------------- */

/* Adds each single cumulative counter of one statistics file to `into`, summed by name. */
static void add_stats(int fd, struct json_object *into)
{
	struct kvm_stats_header h;
	char buf[sizeof(struct kvm_stats_desc) + 256];
	struct kvm_stats_desc *d = (void *)buf;
	uint64_t v;
	uint32_t i;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.name_size > 255)
		return;
	memset(buf, 0, sizeof(buf));
	for (i = 0; i < h.num_desc; i++) {
		size_t size = sizeof(*d) + h.name_size;

		if (pread(fd, buf, size, (off_t)(h.desc_offset + i * size)) != (ssize_t)size)
			return;
		if ((d->flags & KVM_STATS_TYPE_MASK) != KVM_STATS_TYPE_CUMULATIVE || d->size != 1 ||
		    pread(fd, &v, sizeof(v), (off_t)h.data_offset + d->offset) != sizeof(v) || !v)
			continue;
		rec_int(into, d->name, rec_get_int(into, d->name, 0) + (int64_t)v);
	}
}

void kvm_stats(struct kvm_vm *vm, struct json_object *into)
{
	unsigned int i;

	for (i = 0; i < vm->vcpus; i++) {
		int fd = ioctl(vm->vcpu[i].fd, KVM_GET_STATS_FD, 0);

		if (fd < 0)
			return; /* Linux before 5.15 has none */
		add_stats(fd, into);
		close(fd);
	}
}

const struct engine_control kvm_control = {
	.pause = pause_guest,
	.resume = resume,
	.regs = regs,
	.watch = watch,
	.hit = hit,
	.thread = thread,
};
