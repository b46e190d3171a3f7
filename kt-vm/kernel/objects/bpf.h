/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_OBJECTS_BPF_H
#define KT_VM_KERNEL_OBJECTS_BPF_H

#include <json-c/json.h>

#include "kernel/view.h"

/*
 * BPF maps and programs of the guest, as its kernel holds them (kernel/bpf/ arraymap.c, hashtab.c,
 * bpf_local_storage.c, arena.c). Values are rendered by the BTF that came with the map; without
 * it they are hex.
 */
#define KBPF_MAPS_MAX    256
#define KBPF_PROGS_MAX   256
#define KBPF_ENTRIES_MAX 4096 /* of one map; "truncated" says that there were more */

#define KBPF_NAME_LEN 17

struct kbpf_map {
	uint64_t gva;
	unsigned int type, key_size, value_size, max_entries; /* enum bpf_map_type */
	uint32_t key_type, value_type;                        /* in btf; 0: unknown */
	const struct btf *btf;                                /* the observer's, or NULL */
	char name[KBPF_NAME_LEN];
};

void kbpf_map_read(struct kview *kv, uint64_t gva, struct kbpf_map *m);
/* All maps, as an array of objects; that of a guest that cannot be read is empty. */
struct json_object *kbpf_maps(struct kview *kv);
/*
 * A number in a map, by the names that its BTF has for it:
 *
 *	nr_dispatched		a global variable of the scheduler, in whichever section
 *	.bss:stats.count	the section first, where a name is in several; members by dots
 *	cpu_stats[0].enqueued	item 0 of an array map; of a per-CPU one, each CPU has its own
 */
struct kbpf_value {
	uint64_t gva; /* of the object, or a per-CPU pointer to it */
	bool percpu;
	struct kfield field;  /* the number in it */
	uint64_t map, map_id; /* whose it is */
};

/* In the newest map that has it. 0, or -ENOENT with words that list what there is. */
int kbpf_find(struct kview *kv, const char *name, struct kbpf_value *v, struct errbuf *e);
/* Is the map still there that it was found in? Schedulers come and go. */
bool kbpf_valid(const struct kview *kv, const struct kbpf_value *v);
/* The number, on CPU `cpu` when it is a per-CPU one; 0 or -EFAULT. */
int kbpf_read(const struct kview *kv, const struct kbpf_value *v, unsigned int cpu, uint64_t *n);
int kbpf_write(const struct kview *kv, const struct kbpf_value *v, uint64_t n);

/* "bpf_prog_..._name+0x12" for an address in a BPF program or trampoline; false: it is in none. */
bool kbpf_symbol(const struct kview *kv, uint64_t addr, char *buf, size_t size);
struct kbpf_prog {
	char name[128];
	const char *op; /* the callback of a scheduler that it is, or NULL; BTF's */
	uint64_t id, verified_insns;
	uint64_t cnt, ns; /* what it has run on all CPUs since kernel.bpf_stats_enabled is set */
};

/* All of them; how many. And the same, as objects. */
size_t kbpf_progs(const struct kview *kv, struct kbpf_prog p[KBPF_PROGS_MAX]);
struct json_object *kbpf_progs_json(const struct kview *kv);
/* The name and callback of the program whose code is at an address; false: none is. */
bool kbpf_prog_at(const struct kview *kv, uint64_t addr, struct kbpf_prog *p);
/* Those of the program that is a scheduler's callback `op`; false: none is. */
bool kbpf_prog_of(const struct kview *kv, const char *op, struct kbpf_prog *p);

#endif
