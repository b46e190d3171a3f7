// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPU threads. Each runs its guest CPU until it is told otherwise, and serves what
 * the guest does on the buses. Getting it out of KVM_RUN cannot be missed: the kicker
 * changes vm->want first, then signals; the handler sets immediate_exit, which the
 * thread clears only before it looks at vm->want.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devices.h"
#include "kvm.h"
#include "vcpu.h"

#define STACK     (256U << 10)
#define RFLAGS_RF (1ULL << 16)
#define DR6_STEP  (1U << 14)

#define DEBUG_EXCEPTION 1

static _Thread_local struct kvm_run *own_run;

static void kicked(int sig)
{
	(void)sig;
	if (own_run)
		own_run->immediate_exit = 1;
}

void kvm_kick_init(void)
{
	struct sigaction sa = { .sa_handler = kicked }; /* no SA_RESTART */

	sigaction(KVM_KICK, &sa, NULL);
}

void kvm_vcpu_kick(struct kvm_vcpu *v)
{
	pthread_kill(v->thread, KVM_KICK);
}

void kvm_vm_event(struct kvm_vm *vm, enum engine_event event)
{
	pthread_mutex_lock(&vm->lock);
	if (vm->event == ENGINE_NONE) {
		vm->event = event;
		atomic_store(&vm->want, KVM_WANT_END);
		pthread_cond_broadcast(&vm->moved);
	}
	pthread_mutex_unlock(&vm->lock);
	kvm_devices_kick(vm);
}

/* A vCPU cannot go on: `why` is of the first one. */
static void lost(struct kvm_vcpu *v, const char *fmt, unsigned long long a, unsigned long long b)
	__attribute__((format(printf, 2, 0)));
static void lost(struct kvm_vcpu *v, const char *fmt, unsigned long long a, unsigned long long b)
{
	struct kvm_regs regs = { 0 };
	char what[128];

	ioctl(v->fd, KVM_GET_REGS, &regs);
	snprintf(what, sizeof(what), fmt, a, b);
	pthread_mutex_lock(&v->vm->lock);
	if (v->vm->event == ENGINE_NONE)
		errbuf_set(&v->vm->why, 0, "vCPU %u: %s, at rip 0x%llx", v->index, what,
			   (unsigned long long)regs.rip);
	pthread_mutex_unlock(&v->vm->lock);
	kvm_vm_event(v->vm, ENGINE_LOST);
}

static void serve_io(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	uint32_t i;

	for (i = 0; i < run->io.count; i++, data += run->io.size)
		if (run->io.direction == KVM_EXIT_IO_IN)
			bus_read(&v->vm->pio, run->io.port, data, run->io.size);
		else
			bus_write(&v->vm->pio, run->io.port, data, run->io.size);
}

static void serve_mmio(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;

	if (run->mmio.is_write)
		bus_write(&v->vm->mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	else
		bus_read(&v->vm->mmio, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
}

static void system_event(struct kvm_vcpu *v)
{
	switch (v->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		kvm_vm_event(v->vm, ENGINE_POWEROFF);
		break;
	case KVM_SYSTEM_EVENT_RESET:
	case KVM_SYSTEM_EVENT_CRASH:
		kvm_vm_event(v->vm, ENGINE_RESET);
		break;
	default:
		lost(v, "an unknown system event (%llu)", v->run->system_event.type, 0);
	}
}

/* Or the guest would meet the watchpoint of this instruction again. */
static void pass_instruction(struct kvm_vcpu *v)
{
	struct kvm_regs regs;

	if (ioctl(v->fd, KVM_GET_REGS, &regs))
		return;
	regs.rflags |= RFLAGS_RF;
	ioctl(v->fd, KVM_SET_REGS, &regs);
}

/*
 * The guest's own exception, of a debugger in it that steps: while watchpoints are armed KVM
 * leaves every one of them to us.
 */
static void give_back(struct kvm_vcpu *v, uint32_t dr6)
{
	struct kvm_vcpu_events ev;

	if (ioctl(v->fd, KVM_GET_VCPU_EVENTS, &ev))
		return;
	ev.flags = KVM_VCPUEVENT_VALID_PAYLOAD; /* nothing else changes */
	ev.exception.injected = 0;
	ev.exception.pending = 1;
	ev.exception.nr = DEBUG_EXCEPTION;
	ev.exception.has_error_code = 0;
	ev.exception_has_payload = 1;
	ev.exception_payload = dr6;
	ioctl(v->fd, KVM_SET_VCPU_EVENTS, &ev);
}

static void debug_exit(struct kvm_vcpu *v)
{
	uint32_t dr6 = (uint32_t)v->run->debug.arch.dr6, hits;
	struct kvm_vm *vm = v->vm;

	pthread_mutex_lock(&vm->lock);
	hits = dr6 & vm->watches;
	if (hits) { /* the guest is to be paused */
		v->hit = vm->hit = true;
		v->hit_watch = (unsigned int)__builtin_ctz(hits);
		if (atomic_load(&vm->want) == KVM_WANT_RUN)
			atomic_store(&vm->want, KVM_WANT_PAUSE);
		eventfd_write(vm->hit_fd, 1);
	}
	pthread_mutex_unlock(&vm->lock);
	if (hits & vm->executes)
		pass_instruction(v);
	if (!hits || (dr6 & DR6_STEP))
		give_back(v, dr6 & DR6_STEP);
}

static void serve(struct kvm_vcpu *v)
{
	struct kvm_run *run = v->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		if (kvm_devices_drains(run->io.port))
			kvm_devices_drain(v->vm);
		serve_io(v);
		v->unfinished = true;
		break;
	case KVM_EXIT_MMIO:
		serve_mmio(v);
		v->unfinished = true;
		break;
	case KVM_EXIT_IOAPIC_EOI:
		kvm_devices_eoi(v->vm, run->eoi.vector);
		break;
	case KVM_EXIT_INTR:
	case KVM_EXIT_HLT: /* woken by the next interrupt: KVM has the local APIC */
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		break;
	case KVM_EXIT_DEBUG:
		debug_exit(v);
		break;
	case KVM_EXIT_SHUTDOWN:
		kvm_vm_event(v->vm, ENGINE_TRIPLE_FAULT);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		system_event(v);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		lost(v, "KVM met an internal error (suberror %llu, data 0x%llx)",
		     run->internal.suberror, run->internal.ndata ? run->internal.data[0] : 0);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		lost(v, "the CPU refused to enter the guest (reason 0x%llx on host CPU %llu)",
		     run->fail_entry.hardware_entry_failure_reason, run->fail_entry.cpu);
		break;
	default:
		lost(v, "KVM stopped for reason %llu", run->exit_reason, 0);
	}
}

static void run_once(struct kvm_vcpu *v)
{
	int rc = ioctl(v->fd, KVM_RUN, 0);

	v->unfinished = false;
	if (rc == 0)
		serve(v);
	else if (errno != EINTR && errno != EAGAIN)
		lost(v, "KVM_RUN failed with error %llu", (unsigned long long)errno, 0);
}

/*
 * Completes the access that was served last, or the registers would show an instruction half
 * done. That may lead to the next access at once, when it reads a device and writes it, or is
 * wider than 8 bytes; KVM goes back into the guest after a bounded number of them.
 */
static void finish_access(struct kvm_vcpu *v)
{
	while (v->unfinished) {
		v->run->immediate_exit = 1;
		run_once(v);
	}
	v->run->immediate_exit = 0;
}

/* True: run. Waits while the VM is paused; false: the end. */
static bool may_run(struct kvm_vcpu *v)
{
	struct kvm_vm *vm = v->vm;
	int want;

	v->run->immediate_exit = 0;
	want = atomic_load(&vm->want);
	if (want == KVM_WANT_RUN)
		return true;
	finish_access(v);
	pthread_mutex_lock(&vm->lock);
	v->parked = true;
	vm->parked++;
	pthread_cond_broadcast(&vm->moved);
	while ((want = atomic_load(&vm->want)) == KVM_WANT_PAUSE)
		pthread_cond_wait(&vm->moved, &vm->lock);
	v->parked = false;
	vm->parked--;
	pthread_cond_broadcast(&vm->moved);
	pthread_mutex_unlock(&vm->lock);
	return want == KVM_WANT_RUN;
}

static void *vcpu_main(void *arg)
{
	struct kvm_vcpu *v = arg;

	own_run = v->run;
	v->tid = gettid();
	v->schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	while (may_run(v))
		run_once(v);
	own_run = NULL;
	if (v->schedstat >= 0)
		close(v->schedstat);
	pthread_mutex_lock(&v->vm->lock);
	v->ended = true;
	v->vm->ended++;
	pthread_cond_broadcast(&v->vm->moved);
	pthread_mutex_unlock(&v->vm->lock);
	return NULL;
}

int kvm_vcpu_start(struct kvm_vcpu *v)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int rc;

	/* a thread starts with its creator's mask: no signal but the kick */
	sigfillset(&all);
	sigdelset(&all, KVM_KICK);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	rc = -pthread_create(&v->thread, &attr, vcpu_main, v);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	v->started = rc == 0;
	return rc;
}
