// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "bpf.h"
#include "kernel/idr.h"
#include "kernel/value.h"
#include "record.h"

#define BTF_MAX     (4U << 20)
#define OBJECT_MAX  (1U << 20) /* one key or value */
#define BUCKETS_MAX (1U << 20)
#define CHAIN_MAX   65536
#define NAME_LEN    KBPF_NAME_LEN
#define PAGE        4096
#define PATH_SIZE   256 /* of a cgroup */

static const char *const types[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash",
	[BPF_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array_of_maps",
	[BPF_MAP_TYPE_HASH_OF_MAPS] = "hash_of_maps",
	[BPF_MAP_TYPE_QUEUE] = "queue",
	[BPF_MAP_TYPE_STACK] = "stack",
	[BPF_MAP_TYPE_STRUCT_OPS] = "struct_ops",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
	[BPF_MAP_TYPE_TASK_STORAGE] = "task_storage",
	[BPF_MAP_TYPE_CGRP_STORAGE] = "cgrp_storage",
	[BPF_MAP_TYPE_USER_RINGBUF] = "user_ringbuf",
	[BPF_MAP_TYPE_ARENA] = "arena",
};

/* The BTF object at a GVA, read and parsed once; NULL: none, too large, or no BTF. */
static const struct btf *btf_of(struct kview *kv, uint64_t gva)
{
	uint64_t size = kview_number(kv, gva, KP_BTF_DATA_SIZE),
		 id = kview_number(kv, gva, KP_BTF_ID);
	struct btf *btf = NULL;
	unsigned int i;
	void *data;

	if (!gva || kview_number(kv, gva, KP_BTF_BASE))
		return NULL;
	for (i = 0; i < kv->nbtfs; i++)
		if (kv->btfs[i].gva == gva && kv->btfs[i].id == id)
			return kv->btfs[i].btf;
	if (i == KVIEW_BTFS) { /* schedulers came and went: the oldest is theirs */
		btf__free(kv->btfs[0].btf);
		memmove(kv->btfs, kv->btfs + 1, --i * sizeof(kv->btfs[0]));
	}
	data = size && size <= BTF_MAX ? malloc(size) : NULL;
	if (data && !kmem_read(&kv->mem, kview_number(kv, gva, KP_BTF_DATA), data, size))
		btf = btf__new(data, (uint32_t)size);
	free(data);
	kv->btfs[i].gva = gva;
	kv->btfs[i].id = id;
	kv->btfs[i].btf = btf;
	kv->nbtfs = i + 1;
	return btf;
}

static struct json_object *hex(const uint8_t *p, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	size_t i, n = len < 4096 ? len : 4096;
	char *text = malloc(2 * n + 1);
	struct json_object *o;

	if (!text)
		return NULL;
	for (i = 0; i < n; i++) {
		text[2 * i] = digit[p[i] >> 4];
		text[2 * i + 1] = digit[p[i] & 15];
	}
	o = json_object_new_string_len(text, (int)(2 * n));
	free(text);
	return o;
}

/* The variables of a .bss, .data or .rodata by name. */
static struct json_object *section(struct kview *kv, const struct btf *btf,
				   const struct btf_type *t, const uint8_t *p, size_t len)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	struct json_object *j = json_object_new_object();
	uint32_t i;

	for (i = 0; i < btf_vlen(t); i++) {
		const struct btf_type *var = btf__type_by_id(btf, v[i].type);
		const char *name = var ? kbtf_name(btf, var->name_off) : "";

		if (*name && btf_is_var(var) && v[i].offset <= len &&
		    v[i].size <= len - v[i].offset)
			rec_add(j, name,
				kval_json(btf, var->type, p + v[i].offset, v[i].size, &kv->work));
	}
	return j;
}

/* `len` bytes of guest memory as the type. */
static struct json_object *object(struct kview *kv, const struct kbpf_map *m, uint32_t type,
				  uint64_t gva, size_t len)
{
	const struct btf_type *t = m->btf && type ? btf__type_by_id(m->btf, type) : NULL;
	struct json_object *j = NULL;
	uint8_t *buf = len && len <= OBJECT_MAX ? malloc(len) : NULL;

	if (!buf || kmem_read(&kv->mem, gva, buf, len)) {
		free(buf);
		return NULL;
	}
	if (t && btf_is_datasec(t))
		j = section(kv, m->btf, t, buf, len);
	else if (t)
		j = kval_json(m->btf, type, buf, len, &kv->work);
	if (!j)
		j = hex(buf, len);
	free(buf);
	return j;
}

static size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Behind a per-CPU pointer: an array of the CPUs' values. */
static struct json_object *percpu(struct kview *kv, const struct kbpf_map *m, uint64_t pptr)
{
	struct json_object *a = json_object_new_array();
	unsigned int cpu;

	for (cpu = 0; cpu < kv->m->cpus; cpu++)
		json_object_array_add(a, object(kv, m, m->value_type,
						kmem_percpu(&kv->mem, pptr, cpu), m->value_size));
	return a;
}

static void put_entry(struct json_object *a, const char *key_name, struct json_object *key,
		      const char *value_name, struct json_object *value)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, key_name, key);
	json_object_object_add(o, value_name, value);
	json_object_array_add(a, o);
}

static bool is_percpu(unsigned int type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static size_t array_entries(struct kview *kv, const struct kbpf_map *m, struct json_object *a)
{
	uint64_t elem = kview_number(kv, m->gva, KP_ARRAY_ELEM_SIZE);
	uint64_t base = m->gva + kv->probe.f[KP_ARRAY_VALUE].offset, pptr;
	unsigned int i;

	for (i = 0; i < m->max_entries && i < KBPF_ENTRIES_MAX && !kmem_spent(&kv->mem); i++) {
		struct json_object *key = json_object_new_uint64(i);

		if (!is_percpu(m->type))
			put_entry(a, "key", key, "value",
				  object(kv, m, m->value_type, base + i * elem, m->value_size));
		else if (!kmem_number(&kv->mem, base + 8ULL * i, 8, &pptr))
			put_entry(a, "key", key, "values", percpu(kv, m, pptr));
		else
			json_object_put(key);
	}
	return m->max_entries - i;
}

static void hash_entry(struct kview *kv, const struct kbpf_map *m, uint64_t elem,
		       struct json_object *a)
{
	uint64_t key = elem + kv->probe.f[KP_ELEM_KEY].offset, pptr;
	uint64_t value = key + round8(m->key_size);
	struct json_object *k = object(kv, m, m->key_type, key, m->key_size);

	if (!is_percpu(m->type))
		put_entry(a, "key", k, "value", object(kv, m, m->value_type, value, m->value_size));
	else if (!kmem_number(&kv->mem, value, 8, &pptr))
		put_entry(a, "key", k, "values", percpu(kv, m, pptr));
	else
		json_object_put(k);
}

/* 1 when entries were left out, for there are too many. */
static size_t hash_entries(struct kview *kv, const struct kbpf_map *m, struct json_object *a)
{
	uint64_t buckets = kview_number(kv, m->gva, KP_HTAB_BUCKETS);
	uint64_t n = kview_number(kv, m->gva, KP_HTAB_N_BUCKETS), i, elem;
	uint32_t step = kv->probe.f[KP_BUCKET].size;
	unsigned int chain;

	for (i = 0; i < n && i < BUCKETS_MAX && step; i++) {
		if (kmem_number(&kv->mem, buckets + i * step, 8, &elem))
			return 1;
		/* a "nulls" list: it ends in an odd number; the element begins with its link */
		for (chain = 0; elem && !(elem & 1) && chain < CHAIN_MAX; chain++) {
			if (json_object_array_length(a) >= KBPF_ENTRIES_MAX || kmem_spent(&kv->mem))
				return 1;
			hash_entry(kv, m, elem, a);
			if (kmem_number(&kv->mem, elem, 8, &elem))
				break;
		}
	}
	return i < n;
}

/* The cgroup's path below the root of their file system, from its end on; "/" for the root. */
static const char *cgroup_path(const struct kview *kv, uint64_t cgroup, char buf[PATH_SIZE])
{
	uint64_t node = kview_number(kv, cgroup, KP_CGROUP_KN);
	char *at = buf + PATH_SIZE - 1, name[PATH_SIZE];
	size_t len;

	*at = '\0';
	/* the root has no parent, and no name */
	for (; node; node = kview_number(kv, node, KP_KN_PARENT)) {
		kmem_string(&kv->mem, kview_number(kv, node, KP_KN_NAME), name, sizeof(name));
		len = strlen(name);
		if (!len || len + 1 > (size_t)(at - buf))
			break;
		at -= len;
		memcpy(at, name, len);
		*--at = '/';
	}
	return *at ? at : "/";
}

/* Who a task's or cgroup's storage belongs to: a task by pid and comm, a cgroup by its path. */
static struct json_object *owner(struct kview *kv, const struct kbpf_map *m, uint64_t selem)
{
	uint64_t storage = kview_number(kv, selem, KP_SELEM_STORAGE);
	uint64_t who = kview_number(kv, storage, KP_STORAGE_OWNER);
	struct json_object *j = json_object_new_object();
	char comm[NAME_LEN] = "", path[PATH_SIZE];

	if (m->type == BPF_MAP_TYPE_TASK_STORAGE) {
		json_object_object_add(j, "pid",
				       json_object_new_uint64(kview_number(kv, who, KP_TASK_PID)));
		kmem_string(&kv->mem, who + kv->probe.f[KP_TASK_COMM].offset, comm, sizeof(comm));
		rec_str(j, "comm", comm);
	} else {
		rec_str(j, "cgroup", cgroup_path(kv, who, path));
	}
	return j;
}

static size_t storage_entries(struct kview *kv, const struct kbpf_map *m, struct json_object *a)
{
	uint64_t buckets = kview_number(kv, m->gva, KP_SMAP_BUCKETS), i, link;
	uint64_t log = kview_number(kv, m->gva, KP_SMAP_BUCKET_LOG), n = log < 20 ? 1ULL << log : 0;
	uint32_t step = kv->probe.f[KP_SMAP_BUCKET].size;
	uint32_t at = kv->probe.f[KP_SELEM_MAP_NODE].offset;
	uint32_t data = kv->probe.f[KP_SELEM_DATA].offset;
	unsigned int chain;

	for (i = 0; i < n && step; i++) {
		if (kmem_number(&kv->mem, buckets + i * step, 8, &link))
			return 1;
		for (chain = 0; link && chain < CHAIN_MAX; chain++) {
			uint64_t selem = link - at;

			if (json_object_array_length(a) >= KBPF_ENTRIES_MAX || kmem_spent(&kv->mem))
				return 1;
			put_entry(a, "owner", owner(kv, m, selem), "value",
				  object(kv, m, m->value_type, selem + data, m->value_size));
			if (kmem_number(&kv->mem, link, 8, &link))
				break;
		}
	}
	return 0;
}

/* The pages that an arena has, by their user addresses; their types nobody knows. */
static size_t arena_pages(struct kview *kv, const struct kbpf_map *m, struct json_object *a)
{
	uint64_t start = kview_number(kv, m->gva, KP_ARENA_USER_START);
	uint64_t end = kview_number(kv, m->gva, KP_ARENA_USER_END), at, gpa, left;
	uint64_t vm = kview_number(kv, kview_number(kv, m->gva, KP_ARENA_VM), KP_VM_ADDR);
	uint8_t page[PAGE];
	char text[24];

	/* a guard of 32 KiB lies in front; at most as many pages as the map may have entries */
	for (at = start; at < end && (at - start) / PAGE < m->max_entries; at += PAGE) {
		uint64_t gva = vm + 0x8000 + (at & UINT32_MAX);

		if (json_object_array_length(a) >= KBPF_ENTRIES_MAX || kmem_spent(&kv->mem))
			return 1;
		if (kmem_translate(&kv->mem, gva, &gpa, &left) ||
		    kmem_read(&kv->mem, gva, page, PAGE))
			continue;
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)at);
		put_entry(a, "page", json_object_new_string(text), "value", hex(page, PAGE));
	}
	return 0;
}

static size_t entries(struct kview *kv, const struct kbpf_map *m, struct json_object *a)
{
	switch (m->type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return array_entries(kv, m, a);
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return hash_entries(kv, m, a);
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
		return storage_entries(kv, m, a);
	case BPF_MAP_TYPE_ARENA:
		return arena_pages(kv, m, a);
	}
	return 0;
}

void kbpf_map_read(struct kview *kv, uint64_t gva, struct kbpf_map *m)
{
	*m = (struct kbpf_map){
		.gva = gva,
		.type = (unsigned int)kview_number(kv, gva, KP_MAP_TYPE),
		.key_size = (unsigned int)kview_number(kv, gva, KP_MAP_KEY_SIZE),
		.value_size = (unsigned int)kview_number(kv, gva, KP_MAP_VALUE_SIZE),
		.max_entries = (unsigned int)kview_number(kv, gva, KP_MAP_MAX_ENTRIES),
		.key_type = (uint32_t)kview_number(kv, gva, KP_MAP_BTF_KEY),
		.value_type = (uint32_t)kview_number(kv, gva, KP_MAP_BTF_VALUE),
		.btf = btf_of(kv, kview_number(kv, gva, KP_MAP_BTF)),
	};
	kmem_string(&kv->mem, gva + kv->probe.f[KP_MAP_NAME].offset, m->name, sizeof(m->name));
}

static struct json_object *map_json(struct kview *kv, uint64_t gva)
{
	struct json_object *j = json_object_new_object(), *a = json_object_new_array();
	bool named = false;
	struct kbpf_map m;
	size_t left;

	kbpf_map_read(kv, gva, &m);
	if (m.type < ARRAY_SIZE(types))
		named = types[m.type];
	rec_str(j, "name", m.name);
	rec_int(j, "id", (int64_t)kview_number(kv, gva, KP_MAP_ID));
	if (named)
		rec_str(j, "type", types[m.type]);
	else
		rec_int(j, "type", m.type);
	rec_int(j, "max_entries", m.max_entries);
	left = entries(kv, &m, a);
	if (left)
		rec_int(j, "truncated", (int64_t)left);
	rec_add(j, "entries", a);
	return j;
}

struct json_object *kbpf_maps(struct kview *kv)
{
	struct json_object *a = json_object_new_array();
	uint64_t gva[KBPF_MAPS_MAX];
	uint64_t idr = kmem_symbol(&kv->mem, KS_MAP_IDR);
	size_t i, n = idr ? kidr_list(kv, idr, gva, KBPF_MAPS_MAX) : 0;

	for (i = 0; i < n && !kmem_spent(&kv->mem); i++)
		json_object_array_add(a, map_json(kv, gva[i]));
	return a;
}
