/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_ENGINE_KVM_CONTROL_H
#define KT_VM_ENGINE_KVM_CONTROL_H

#include "kvm.h"

extern const struct engine_control kvm_control;
/* All vCPUs parked or ended within timeout_ns: 0, or -ETIMEDOUT with the number of the first. */
int kvm_vm_move(struct kvm_vm *vm, enum kvm_want want, uint64_t timeout_ns, uint64_t *took_ns,
		struct errbuf *e);
/* Pauses for a hit that is news: true, or false with -errno in *rc. */
bool kvm_vm_hit(struct kvm_vm *vm, int *rc, struct errbuf *e);
void kvm_stats(struct kvm_vm *vm, struct json_object *into);

#endif
