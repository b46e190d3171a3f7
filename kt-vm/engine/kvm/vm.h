/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_VM_H
#define KT_VM_ENGINE_KVM_VM_H

#include "kvm.h"

/* Each returns 0, or -errno with the reason; -ENOTSUP: the host cannot, and that is all. */
int kvm_open(struct errbuf *e); /* /dev/kvm */
int kvm_vm_init(struct kvm_vm *vm, int kvm, const struct machine *m, struct errbuf *e);
int kvm_vm_vcpus(struct kvm_vm *vm, int kvm, struct errbuf *e);
void kvm_vm_free(struct kvm_vm *vm); /* also after a failure; no thread may be left */
/* What the host's KVM has too little of for this machine: 0 or -ENOTSUP. */
int kvm_vm_fits(int kvm, const struct machine *m, struct errbuf *e);
/* In long mode at `rip`, page tables at MACHINE_PAGE_TABLES, boot_params in rsi. */
int kvm_vcpu_enter_at(int vcpu, uint64_t rip);

#endif
