/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KT_GUEST_TESTFILE_JSONFILE_H
#define KT_GUEST_TESTFILE_JSONFILE_H

#include <limits.h>
#include <stddef.h>

#include <json-c/json.h>

#include "errbuf.h"

#define JSONFILE_MAX (1U << 20) /* bytes */

/* A test or scheduler file: its text, for places in messages, and what it says. */
struct jsonfile {
	char label[PATH_MAX]; /* the name it goes by in messages */
	char *text;
	size_t len;
	struct json_object *root; /* an object; no key twice in it */
};

/* Both return an enum kt_exit; the file must be freed in any case. */
int jsonfile_read(struct jsonfile *f, const char *path, struct errbuf *e);
int jsonfile_parse(struct jsonfile *f, const char *label, const char *text, size_t len,
		   struct errbuf *e);
void jsonfile_free(struct jsonfile *f);

/* Fills `e` with "label:line:column: text" for the place at `offset`. */
void jsonfile_at(const struct jsonfile *f, size_t offset, struct errbuf *e, const char *text);

#endif
