/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_BPF_PROG_H
#define KT_VM_KERNEL_OBJECTS_BPF_PROG_H

#include "bpf.h"

/* "bpf_prog_..._name+0x12" for an address in a BPF program or trampoline; false: it is in none. */
bool kbpf_symbol(const struct kview *kv, uint64_t addr, char *buf, size_t size);
/* All programs: returns how many; and the same as objects. */
size_t kbpf_progs(const struct kview *kv, struct kbpf_prog p[KBPF_PROGS_MAX]);
struct json_object *kbpf_progs_json(const struct kview *kv);
/* The name and callback of the program whose code is at an address; false: none is. */
bool kbpf_prog_at(const struct kview *kv, uint64_t addr, struct kbpf_prog *p);
/* Those of the program that is a scheduler's callback `op`; false: none is. */
bool kbpf_prog_of(const struct kview *kv, const char *op, struct kbpf_prog *p);

#endif
