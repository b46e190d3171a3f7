/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_VIEW_H
#define KT_VM_KERNEL_VIEW_H

#include "btf.h"
#include "machine/machine.h"
#include "mem.h"
#include "orc.h"
#include "probe.h"
#include "set.h"
#include "symbols.h"

/*
 * A Linux kernel in a guest's memory, as far as its vmlinux and that memory tell: symbols, types,
 * where the members of its structs are. It knows no engine: whoever reads decides when.
 */
#define KVIEW_BTFS  16
#define KVIEW_STACK 64 /* frames of a stack */

/* Where a CPU was: the innermost address first; n is 0 when it was not seen. */
struct kstack {
	uint64_t pc[KVIEW_STACK];
	size_t n;
};

struct kview {
	const struct machine *m;
	struct ksym sym;
	struct korc orc;
	struct btf *types; /* all of the kernel, or NULL: kview_types() */
	struct btf *btf;   /* of them those that records show: excerpt.h */
	uint32_t ops_type; /* the kernel's own number of struct sched_ext_ops */
	struct kmem mem;
	uint64_t work, work_max; /* kview_begin() */
	uint64_t runqueues;      /* the per-CPU symbol */
	struct kprobes probe;
	uint64_t *rq; /* GVA of each CPU's runqueue */
	uint64_t *sd; /* the lowest scheduling domain of each CPU, when last looked at */
	struct kset events, balance; /* counters of sched_ext and of a scheduling domain */

	struct {
		uint64_t gva, id;
		struct btf *btf; /* NULL: it is there, and cannot be read */
	} btfs[KVIEW_BTFS];      /* of BPF maps: bpf.c reads each once */
	unsigned int nbtfs;
};

/* `vmlinux` is that of the guest's kernel: it is mapped. 0 or -errno with words. */
int kview_open(struct kview *kv, const char *vmlinux, const struct machine *m, struct errbuf *e);
void kview_close(struct kview *kv);
/* Reads the symbols; the guest's memory is there. 0 or -errno with words. */
int kview_load(struct kview *kv, struct errbuf *e);

/* Something is about to be read: a sample, a snapshot. It may cost so much, and no more. */
#define KVIEW_WORK 2000000 /* some 0.1 s; a snapshot of 4 CPUs costs 1/500 of it */
void kview_begin(struct kview *kv);

/* The number in a field of the object at a GVA; 0 where it cannot be read or is absent. */
uint64_t kview_number(const struct kview *kv, uint64_t object, enum kprobe probe);
/* What a per-CPU pointer leads to on a CPU; 0: the kernel has no such CPU. */
uint64_t kview_percpu(const struct kview *kv, uint64_t pointer, unsigned int cpu);
/* Finds the runqueue of each CPU. */
void kview_runqueues(struct kview *kv);

/*
 * Has all types of the kernel read, for a name that may be of any of them: 0 or -errno with words.
 * They are 3 MiB, and are freed when the request is over.
 */
int kview_types(struct kview *kv, struct errbuf *e);
void kview_forget_types(struct kview *kv);
/* Learns from them what is to stay: counters, and the types that are shown. 0 or -ENOMEM. */
int kview_learn(struct kview *kv, struct errbuf *e);

#endif
