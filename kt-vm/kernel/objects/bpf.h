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

struct kbpf_prog {
	char name[128];
	const char *op; /* the callback of a scheduler that it is, or NULL; BTF's */
	uint64_t id, verified_insns;
	uint64_t cnt, ns; /* what it has run on all CPUs since kernel.bpf_stats_enabled is set */
};

#endif
