/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_SET_H
#define KT_VM_KERNEL_SET_H

#include <json-c/json.h>

#include "btf.h"
#include "jtext.h"

/*
 * The counters of a struct, as BTF has them: kernels add some with each version, and all that are
 * there are taken under their own names.
 */
#define KSET_MAX   64
#define KSET_ITEMS 4 /* of a counter that is an array, by kind of idle for one */

struct kcounter {
	char name[48];
	uint32_t offset, size; /* of one item; from the start of the struct */
	unsigned int items;    /* 1 for what is no array */
};

struct kset {
	struct kcounter c[KSET_MAX];
	unsigned int n;
	uint32_t begin, end; /* the part of the struct that they lie in */
	bool idle_first;     /* of a kind of idle: until 6.9 a busy CPU is item 1 */
};

/*
 * The integers, and arrays of them, in struct `type` whose names begin with one of `prefix` (ends
 * with NULL). With `strip` the prefix is left out, and capitals are made small. A kernel without
 * such a struct has an empty set.
 */
void kset_find(struct kset *s, const struct btf *btf, const char *type, const char *const *prefix,
	       bool strip);

/* Adds the numbers of an object, of which `part` holds the bytes from begin to end. */
void kset_add(const struct kset *s, const void *part, uint64_t (*sum)[KSET_ITEMS]);
/* "name":1 or "name":[1,2,3] for each, as members of the object that is open, or of `to`. */
void kset_text(const struct kset *s, uint64_t (*sum)[KSET_ITEMS], struct jtext *to);
void kset_json(const struct kset *s, uint64_t (*sum)[KSET_ITEMS], struct json_object *to);

#endif
