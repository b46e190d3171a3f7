/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_KBPF_H
#define KT_KBPF_H

#include <json-c/json.h>

#include "obs.h"

/*
 * BPF maps and programs of the guest, as its kernel holds them (kernel/bpf/ arraymap.c, hashtab.c,
 * bpf_local_storage.c, arena.c). Values are rendered by the BTF that came with the map; without
 * it they are hex.
 */
#define KBPF_MAPS_MAX    256
#define KBPF_PROGS_MAX   256
#define KBPF_ENTRIES_MAX 4096 /* of one map; "truncated" says that there were more */

/* All maps, as an array of objects; that of a guest that cannot be read is empty. */
struct json_object *kbpf_maps(struct obs *o);
/* "bpf_prog_..._name+0x12" for an address in a BPF program or trampoline; false: it is in none. */
bool kbpf_symbol(const struct obs *o, uint64_t addr, char *buf, size_t size);
/* Run counts and times of all programs; zeros unless kernel.bpf_stats_enabled is set. */
struct json_object *kbpf_progs(const struct obs *o);

#endif
