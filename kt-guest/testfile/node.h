/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_TESTFILE_NODE_H
#define KT_GUEST_TESTFILE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errbuf.h"
#include "jsonfile.h"

/*
 * A value of a JSON file together with where it is: each node points to the one that it
 * is part of, so a message about it can name file, line and column. Nodes live on the
 * stack of whoever walks down; a node must not outlive the one above it.
 *
 * All functions that return int return KT_OK or KT_DATA with the message in `e`.
 */
struct node {
	const struct jsonfile *file;
	const struct node *up;
	const char *key; /* NULL: item `index` of an array, or the root */
	size_t index;
	struct json_object *v; /* NULL is JSON's null */
};

struct node node_root(const struct jsonfile *f);
bool node_get(const struct node *up, const char *key, struct node *n); /* false: not there */
struct node node_item(const struct node *up, size_t index);
size_t node_count(const struct node *n); /* items of an array, members of an object */

/* "FILE:LINE:COL: text" for the value, or for the key that it is the value of. */
int node_fail(const struct node *n, struct errbuf *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int node_fail_key(const struct node *n, struct errbuf *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* '"key": expected WANT, found ...' */
int node_expected(const struct node *n, struct errbuf *e, const char *want);

/* An object whose keys are all among `keys`; `what` names it in "unknown key ... in WHAT". */
int node_keys(const struct node *n, const char *const *keys, const char *what, struct errbuf *e);
int node_object(const struct node *n, const char *want, struct errbuf *e);
int node_array(const struct node *n, const char *want, struct errbuf *e);
/* A string without NUL bytes; it stays the file's. */
int node_string(const struct node *n, const char *want, const char **s, struct errbuf *e);
int node_bool(const struct node *n, bool *b, struct errbuf *e);
int node_whole(const struct node *n, int64_t min, int64_t max, const char *want, int64_t *v,
	       struct errbuf *e);
int node_number(const struct node *n, double min, double max, const char *want, double *v,
		struct errbuf *e);
/* From min to max nanoseconds. */
int node_duration(const struct node *n, uint64_t min, uint64_t max, uint64_t *ns, struct errbuf *e);

#define NODE_DURATION_MAX (24 * 3600 * NSEC_PER_SEC)

#endif
