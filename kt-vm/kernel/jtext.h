/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_VM_OBSERVE_JTEXT_H
#define KT_VM_OBSERVE_JTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON text, written straight into a buffer: a sample of 252 CPUs has some 5000 numbers,
 * and an object for each would cost more than reading them. The buffer grows up to a
 * limit; beyond it `failed` is set and nothing more is added.
 */
struct jtext {
	char *buf;
	size_t len, cap;
	bool failed;
};

#define JTEXT_MAX (8U << 20)

void jtext_reset(struct jtext *t); /* keeps the memory */
void jtext_free(struct jtext *t);
void jtext_raw(struct jtext *t, const char *s); /* punctuation and keys, as they are */
/* An item: a comma in front unless it is the first of its array or object. */
void jtext_uint(struct jtext *t, uint64_t v);
void jtext_int(struct jtext *t, int64_t v);
void jtext_bool(struct jtext *t, bool v);
void jtext_null(struct jtext *t);
void jtext_str(struct jtext *t, const char *s); /* escaped; bytes that are no ASCII become '?' */
void jtext_key(struct jtext *t, const char *key);
void jtext_open(struct jtext *t, char bracket); /* '[' or '{', as an item or behind a key */
void jtext_close(struct jtext *t, char bracket);

#endif
