/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_KVM_H
#define KT_VM_ENGINE_KVM_KVM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "device/bus.h"
#include "engine/engine.h"

/*
 * The kvm engine's own parts: kvm.c (the engine's table), vm.c (the VM and its
 * vCPUs, made), vcpu.c (vCPU threads), devices.c (what the guest finds on its
 * buses), control.c (pause, registers, watchpoints, statistics), probe.c.
 *
 * Threads: the caller's (kvm.c, control.c), one for each vCPU, and one that
 * carries output to the sockets (devices.c), so that no vCPU ever waits for it.
 */
#define KVM_KICK (SIGRTMIN + 1) /* takes a vCPU out of KVM_RUN */

enum kvm_want { KVM_WANT_PAUSE, KVM_WANT_RUN, KVM_WANT_END };

struct kvm_vm;
struct kvm_devices;

struct kvm_vcpu {
	struct kvm_vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool started;
	bool parked, ended; /* under vm->lock */
	bool unfinished;    /* the next KVM_RUN completes an access of a device */
	pid_t tid;
	int schedstat; /* of its thread: opened before the sandbox closes */
	bool hit;      /* watchpoint `hit_watch`; under vm->lock */
	unsigned int hit_watch;
};

struct kvm_vm {
	const struct machine *m;
	int fd;
	bool split_irqchip; /* KVM has the local APICs, and we the I/O APIC */
	size_t run_size;
	struct bus pio, mmio;
	struct kvm_devices *dev;
	struct kvm_coalesced_mmio_ring *ring; /* on vCPU 0's run page, or NULL */
	unsigned int ring_max;

	struct kvm_vcpu *vcpu; /* `vcpus` of them */
	unsigned int vcpus;

	_Atomic int want;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t moved; /* a vCPU was parked or has ended, or `want` has changed */
	unsigned int parked, ended;
	unsigned int watches, executes; /* armed; those of an instruction: bits of DR6 */
	bool hit, hit_told;             /* a vCPU hit one since the last resume; the caller knows */
	int hit_fd;                     /* readable once `hit` */

	enum engine_event event; /* the first one counts */
	struct errbuf why;
	int event_fd; /* readable once `event` is for the engine's caller */
};

/* 0 when this host can run the machine on KVM, else -errno with the reason. */
int kvm_probe(const struct machine *m, char *what, size_t size, struct errbuf *why);

#endif
