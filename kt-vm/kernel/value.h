/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_KERNEL_VALUE_H
#define KT_VM_KERNEL_VALUE_H

#include <json-c/json.h>

#include "btf.h"

/*
 * Bytes of a known type, as JSON: structs as objects (anonymous ones merged into what they
 * are in), arrays as arrays, enums by name, pointers as "0xffff...", arrays of char that
 * hold text as strings, integers as numbers. What is cut for its size says so:
 * {"truncated": N}, with the number of items that are left out, ends an array, and
 * is a member of an object.
 */
#define KVAL_DEPTH 16
#define KVAL_ITEMS 4096   /* of one array */
#define KVAL_NODES 200000 /* of one value */

/*
 * `len` bytes at `data` as `type`; NULL when memory is short or the type is no value. Each
 * node is taken from *work, too (NULL: any number): what all values of a record may have.
 */
struct json_object *kval_json(const struct btf *btf, uint32_t type, const void *data, size_t len,
			      uint64_t *work);
/* One field of an object of `len` bytes, as kval_json(). */
struct json_object *kval_field(const struct btf *btf, const struct kfield *f, const void *object,
			       size_t len);
/* The number that a field of an object of `len` bytes holds; 0 when it is out of bounds. */
uint64_t kval_number(const struct kfield *f, const void *object, size_t len);

#endif
