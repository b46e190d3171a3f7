/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_NAME_H
#define KT_VM_KERNEL_OBJECTS_NAME_H

#include <json-c/json.h>

#include "bpf.h"
#include "kernel/path.h"

/*
 * What a test names: something of the kernel by a path (kernel/path.h), a number of the scheduler's
 * own (kernel/bpf.h), or else a variable of the kernel that BTF does not know, but whose size says
 * that it is one number.
 */
struct kname {
	const char *text;
	bool bpf;
	struct kpath path;    /* of the kernel */
	struct kbpf_value of; /* of BPF */
};

/* 0, or -errno with words that list what there is, where that helps. `text` must stay. */
int kname_find(struct kview *kv, const char *text, struct kname *n, struct errbuf *e);
/* Where it is, and its size: 0 for one that each CPU has. */
uint64_t kname_place(const struct kname *n, unsigned int *size);
/* The value, or NULL with words. */
struct json_object *kname_read(struct kview *kv, const struct kname *n, struct errbuf *e);
/* A number of whole bytes only: 0 or -errno with words. */
int kname_write(struct kview *kv, const struct kname *n, uint64_t value, struct errbuf *e);

#endif
