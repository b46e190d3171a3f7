/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_BPF_FIND_H
#define KT_VM_KERNEL_OBJECTS_BPF_FIND_H

#include "bpf.h"

/* In the newest map that has it. 0, or -ENOENT with words that list what there is. */
int kbpf_find(struct kview *kv, const char *name, struct kbpf_value *v, struct errbuf *e);
/* Is the map still there that it was found in? Schedulers come and go. */
bool kbpf_valid(const struct kview *kv, const struct kbpf_value *v);
/* The number, on CPU `cpu` when it is a per-CPU one; 0 or -EFAULT. */
int kbpf_read(const struct kview *kv, const struct kbpf_value *v, unsigned int cpu, uint64_t *n);
int kbpf_write(const struct kview *kv, const struct kbpf_value *v, uint64_t n);

#endif
