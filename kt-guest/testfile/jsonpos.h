/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_TESTFILE_JSONPOS_H
#define KT_GUEST_TESTFILE_JSONPOS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Where things are in a JSON text. json-c keeps no places, so a message that needs one
 * walks the text again, which json-c has found to be JSON (with comments) before. On any
 * other text the functions say "not found"; they never read beyond `len`.
 */
struct jsonpos {
	unsigned int line, column; /* both from 1; columns count characters */
};

/* One step of a path from the root: into a member, or into an item when key is NULL. */
struct jsonpos_step {
	const char *key;
	size_t index;
};

/* Deeper nesting is not followed; json-c's own limit is 32. */
#define JSONPOS_DEPTH 40

struct jsonpos jsonpos_at(const char *text, size_t len, size_t offset);

/* Offset of the value at the end of the path; with at_key, of the last member's key. */
bool jsonpos_find(const char *text, size_t len, const struct jsonpos_step *path, size_t steps,
		  bool at_key, size_t *offset);

/* The first key that its object has had before. */
struct jsonpos_duplicate {
	char key[64]; /* cut if longer */
	size_t offset, earlier;
};
bool jsonpos_duplicate(const char *text, size_t len, struct jsonpos_duplicate *dup);

/* Offset of the first byte at or after `offset` that is neither blank nor comment. */
size_t jsonpos_skip_blank(const char *text, size_t len, size_t offset);

#endif
