/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_VCPU_H
#define KT_VM_ENGINE_KVM_VCPU_H

#include "kvm.h"

int kvm_vcpu_start(struct kvm_vcpu *v); /* its thread waits for KVM_WANT_RUN: 0 or -errno */
void kvm_vcpu_kick(struct kvm_vcpu *v);
void kvm_kick_init(void); /* the handler of KVM_KICK */
/* The guest, or we, have come to an end: tells the output thread, which then tells the caller. */
void kvm_vm_event(struct kvm_vm *vm, enum engine_event event);

#endif
