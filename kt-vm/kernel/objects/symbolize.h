/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_SYMBOLIZE_H
#define KT_VM_KERNEL_OBJECTS_SYMBOLIZE_H

#include <json-c/json.h>

#include "kernel/view.h"

/* "function+0x12" for an address in the kernel or in a BPF program, else "0x...". */
struct json_object *ksymbolize(struct kview *kv, uint64_t addr);

#endif
