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
 * The kvm engine's own parts: kvm.c (the engine's table), engine/kvm/vm.c (the VM and its
 * vCPUs, made), engine/kvm/vcpu.c (vCPU threads), engine/kvm/devices.c (what the guest finds on its
 * buses), engine/kvm/control.c (pause, registers, watchpoints, statistics), engine/kvm/probe.c.
 *
 * Threads: the caller's (kvm.c, engine/kvm/control.c), one for each vCPU, and one that
 * carries output to the sockets (engine/kvm/devices.c), so that no vCPU ever waits for it.
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

/* engine/kvm/vm.c. Each 0, or -errno with the reason; -ENOTSUP: the host cannot, and that is all.
 */
int kvm_open(struct errbuf *e); /* /dev/kvm */
int kvm_vm_init(struct kvm_vm *vm, int kvm, const struct machine *m, struct errbuf *e);
int kvm_vm_vcpus(struct kvm_vm *vm, int kvm, struct errbuf *e);
void kvm_vm_free(struct kvm_vm *vm); /* also after a failure; no thread may be left */
/* What the host's KVM has too little of for this machine: 0 or -ENOTSUP. */
int kvm_vm_fits(int kvm, const struct machine *m, struct errbuf *e);
/* In long mode at `rip`, page tables at MACHINE_PAGE_TABLES, boot_params in rsi. */
int kvm_vcpu_enter_at(int vcpu, uint64_t rip);

/* engine/kvm/vcpu.c */
int kvm_vcpu_start(struct kvm_vcpu *v); /* its thread waits for KVM_WANT_RUN: 0 or -errno */
void kvm_vcpu_kick(struct kvm_vcpu *v);
void kvm_kick_init(void); /* the handler of KVM_KICK */
/* The guest, or we, have come to an end: tells the output thread, which then tells the caller. */
void kvm_vm_event(struct kvm_vm *vm, enum engine_event event);

/* engine/kvm/devices.c: the two descriptors are sockets, and the devices' from then on */
int kvm_devices_init(struct kvm_vm *vm, int console, int port, struct errbuf *e);
int kvm_devices_start(struct kvm_vm *vm); /* the output thread: 0 or -errno */
void kvm_devices_kick(struct kvm_vm *vm);
void kvm_devices_stop(struct kvm_vm *vm); /* all that is left goes to the sockets */
void kvm_devices_free(struct kvm_vm *vm);
/* Writes that KVM has kept for us, in their order; before an access to such a port is served. */
void kvm_devices_drain(struct kvm_vm *vm);
bool kvm_devices_drains(uint16_t io_port);
/* The I/O APIC of a split irqchip hears of the end of an interrupt. */
void kvm_devices_eoi(struct kvm_vm *vm, uint8_t vector);
/* What the guest has said, and nobody will read, for the vm_exit record. */
void kvm_devices_stats(struct kvm_vm *vm, struct json_object *vm_exit);

/* engine/kvm/control.c */
extern const struct engine_control kvm_control;
/* All vCPUs parked or ended within timeout_ns: 0, or -ETIMEDOUT with the number of the first. */
int kvm_vm_move(struct kvm_vm *vm, enum kvm_want want, uint64_t timeout_ns, uint64_t *took_ns,
		struct errbuf *e);
/* Pauses for a hit that is news: true, or false with -errno in *rc. */
bool kvm_vm_hit(struct kvm_vm *vm, int *rc, struct errbuf *e);
void kvm_stats(struct kvm_vm *vm, struct json_object *into);

/* engine/kvm/probe.c */
int kvm_probe(const struct machine *m, char *what, size_t size, struct errbuf *why);

#endif
