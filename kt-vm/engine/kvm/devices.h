/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_DEVICES_H
#define KT_VM_ENGINE_KVM_DEVICES_H

#include "kvm.h"

/* The two descriptors are sockets, and belong to the devices from then on. */
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

#endif
